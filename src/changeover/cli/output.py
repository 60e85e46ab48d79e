"""What commands share: common options, JSON and screens on standard output, talk on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import wraps
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO, TypeVar
from weakref import WeakSet

import click

from changeover.cli.session import session
from changeover.settings import NO_REASON, WHO_VARIABLE
from changeover.values.safe_text import json_text, visible, visible_lines

if TYPE_CHECKING:
    from changeover.views.layout import Screen

SCHEMA_VERSION = 1
REPEATABLE = "; repeatable"
"""The end of the help of an option that may be given several times."""
T = TypeVar("T")
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


def offer_json(command: click.Command) -> None:
    """Let a command that has no JSON of its own say in JSON how it ended, and what it would have printed."""
    if any("--format" in one.opts for one in command.params) or command.callback is None:
        return
    format_option(command)  # click keeps the options of a command in the order in which they are shown
    plain = command.callback

    @wraps(plain)
    def ending(*args: Any, format_: str, **kwargs: Any) -> Any:
        if format_ != "json":
            return plain(*args, **kwargs)
        code, written = 0, StringIO()
        _own.append(written)
        try:
            answer = plain(*args, **kwargs)
        except click.exceptions.Exit as end:
            answer, code = None, end.exit_code
        finally:
            _own.pop()
        words = click.get_current_context().command_path.split()[1:]
        show_json(
            "done", {"command": " ".join(words), "exit_code": code, "lines": written.getvalue().splitlines()}
        )
        if code:
            raise click.exceptions.Exit(code)
        return answer

    command.callback = ending


WORLD_HELP = "what answers the replayed path: the recording, or copies of the ports that offer one"


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


_own: list[TextIO] = []
_alone: WeakSet[Callable[..., Any]] = WeakSet()
_STDOUT, _STDERR = 1, 2


def result_stream() -> TextIO:
    """Where the result of the command goes: standard output, of which the program has nothing meanwhile."""
    return _own[-1] if _own else sys.stdout


def with_own_output(command: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The command, with standard output for its result alone: what the program prints goes to the error."""
    if command is None or command in _alone:
        return command

    @wraps(command)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _own_output(), _saying_more():
            return command(*args, **kwargs)

    _alone.add(alone)
    return alone


def _saying_more() -> AbstractContextManager[None]:
    if not session().verbose:
        return nullcontext()
    from changeover.cli.verbose import saying_more

    return saying_more()


@contextmanager
def _own_output() -> Iterator[None]:
    before = sys.stdout
    descriptor = _own_descriptor(before)
    own = before if descriptor is None else os.fdopen(descriptor, "w", encoding=before.encoding)
    _own.append(own)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        _own.pop()
        if sys.stdout is sys.stderr:
            sys.stdout = before
        if descriptor is not None:
            with suppress(OSError, ValueError):
                own.flush()
            with suppress(OSError, ValueError):
                before.flush()  # what the program wrote past `sys.stdout` is not part of the result
            with suppress(OSError):
                os.dup2(descriptor, _STDOUT)
            with suppress(OSError, ValueError):
                own.close()


def _own_descriptor(stream: TextIO) -> int | None:
    """A descriptor of the real standard output, which from now on is the standard error; None without one."""
    try:
        if stream.fileno() != _STDOUT:
            return None
        stream.flush()
        descriptor = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)
    except (AttributeError, OSError, ValueError):  # a stream in memory, or none at all
        return None
    return descriptor


def leave_output_to_the_command() -> None:
    """The command has said what it has to say: what the program prints at its end goes to the error."""
    with suppress(OSError, ValueError, AttributeError):  # a stream in memory, or none at all
        if sys.stdout.fileno() == _STDOUT:
            sys.stdout.flush()
            sys.stdout = sys.stderr
            os.dup2(_STDERR, _STDOUT)


def show(text: str) -> None:
    """Text that ends with its own line end, on standard output; on a terminal it may have colour."""
    stream = result_stream()
    stream.write(visible_lines(text, coloured=has_colour(stream)))
    stream.flush()


def has_colour(stream: TextIO) -> bool:
    """Whether colour may be written there: as `--color` says, and unless given on a terminal."""
    chosen = session().colour
    return stream.isatty() if chosen == "auto" else chosen == "always"


def result_screen() -> Screen:
    """The screen that the result is written on."""
    from dataclasses import replace

    from changeover.views.layout import screen_for

    screen = screen_for(result_stream())
    return screen if session().colour == "auto" else replace(screen, coloured=session().colour == "always")


def show_result(
    format_: str,
    name: str,
    result: T,
    data: Callable[[T], Mapping[str, Any]],
    screen: Callable[[T, Screen], str],
) -> None:
    """A result in the format that was asked for; `name` is that of the schema of its JSON."""
    if format_ == "json":
        show_json(name, data(result))
    else:
        show(screen(result, result_screen()))


def show_json(name: str, content: Mapping[str, Any]) -> None:
    """The output that has a schema of that name (`changeover schema`), as its model has it.

    One that does not fit is shown all the same, as it is: whoever asked waits for it. That it does not fit is
    said on standard error, and fails every test of this project.
    """
    from changeover.models.catalogue import fitted

    document, problems = fitted(name, {"schema_version": SCHEMA_VERSION, **content})
    show(json_text(document) + "\n")
    session().has_result = True
    if problems:
        _print(f"! not as `changeover schema {name}` has it: {'; '.join(problems)}")


def quiet() -> None:
    """What is wrong with the flags is on the screen already; nobody has to log it as well, but for `-v`."""
    import logging

    if not session().verbose:
        logging.getLogger("changeover").addHandler(logging.NullHandler())


def say(text: str) -> None:
    """Talk, on standard error; nothing where only errors and warnings are wanted."""
    if not session().quiet:
        _print(text)


def is_quiet() -> bool:
    """Whether of what is not the result only errors and warnings are wanted."""
    return session().quiet


def _print(text: str) -> None:
    print(visible_lines(text), file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Something that must not be overlooked, on standard error."""
    _print(f"! {visible(text)}")


def say_dry_run(dry_run: bool) -> None:
    """Say at the end of a dry run that it was one."""
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")
