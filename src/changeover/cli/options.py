"""The options that several commands take, each with one spelling and one sentence of help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from changeover.settings import NO_REASON, WHO_VARIABLE

REPEATABLE = "; repeatable"
"""The end of the help of an option that may be given several times."""
WORLD_HELP = "what answers the replayed path: the recording, or copies of the ports that offer one"
Decorator = Callable[[Any], Any]


def complete_with(names: str) -> Callable[[click.Context, click.Parameter, str], Any]:
    """What completes an argument or an option: a function of `cli.known_names`, when a shell asks."""

    def found(context: click.Context, parameter: click.Parameter, beginning: str) -> Any:
        from changeover.cli import known_names

        return getattr(known_names, names)(context, parameter, beginning)

    return found


def choose_format(*formats: str) -> Decorator:
    """The option that says in which of these formats the result is shown; the first one unless given."""
    allowed = click.Choice(formats)
    return click.option(
        "--format", "format_", type=allowed, default=formats[0], show_default=True, help="of the result"
    )


format_option = choose_format("text", "json")


def source_option(*, multiple: bool = False, required: bool = False) -> Decorator:
    """The option that names the source of cases."""
    more = REPEATABLE if multiple else ""
    about = f"where the cases come from{more}"
    return click.option(
        "--source",
        metavar="NAME",
        multiple=multiple,
        required=required,
        help=about,
        shell_complete=complete_with("source_names"),
    )


def run_option(*, multiple: bool = False) -> Decorator:
    """The option that names one case."""
    about = f"one case: SOURCE/CASE, or CASE with --source{REPEATABLE if multiple else ''}"
    return click.option("--run", metavar="ID", multiple=multiple, help=about)


def runs_option(default: int | None = None) -> Decorator:
    """The option that says how many cases there are at most; all of them unless given, or so many."""
    about = "at most so many cases of a source"
    return click.option(
        "--runs",
        type=click.IntRange(min=1),
        default=default,
        show_default=default is not None,
        metavar="N",
        help=about,
    )


def output_option(kind: click.Path, *, default: str | None = None, required: bool = False) -> Decorator:
    """The option that says where the result is written."""
    return click.option(
        "--output",
        "-o",
        type=kind,
        default=default,
        required=required,
        show_default=default is not None,
        metavar="PATH",
        help="where it is written",
    )


def to_option(metavar: str = "STAGE") -> Decorator:
    """The option that names the stage that a phase goes to."""
    return click.option(
        "--to",
        metavar=metavar,
        help="the stage to go to: off, shadow, ramp:P, live, complete, done",
        shell_complete=complete_with("stage_names"),
    )


world_option = click.option(
    "--world", type=click.Choice(["tape", "copy"]), default="tape", show_default=True, help=WORLD_HELP
)
once_option = click.option("--once", is_flag=True, help="do what is due, then end; for cron and CI")
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="for sources that generate cases"
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="so many processes replay runs, with the same result; worth it where there are as many cores",
)
on_option = click.option(
    "--on",
    metavar="dask://HOST:PORT",
    help="the workers of that Dask cluster replay runs, with the same result; needs changeover[dask]",
)
who_option = click.option("--who", metavar="NAME", help=f"who moves; else {WHO_VARIABLE}, else user@host")
REASON_HELP = "why, for those who read it later"
reason_option = click.option("--reason", required=True, metavar="TEXT", help=REASON_HELP)
free_reason_option = click.option(
    "--reason", default=NO_REASON, show_default=True, metavar="TEXT", help=REASON_HELP
)
dry_run_option = click.option("--dry-run", is_flag=True, help="print what would be done, and change nothing")


def mover_options(*, reason_required: bool) -> Decorator:
    """The options of a command that moves phases or switches: the reason, who does it, and a dry run."""
    reason = reason_option if reason_required else free_reason_option
    return lambda command: reason(who_option(dry_run_option(command)))
