"""`changeover rollback`, `changeover kill` and `changeover unkill`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

import changeover  # gives a verb when it is asked for it, so that help stays light
from changeover.cli.options import complete_with, format_option, mover_options, to_option
from changeover.cli.output import say_dry_run, show_result, warn
from changeover.project import near
from changeover.settings import REFRESH_S

if TYPE_CHECKING:
    from changeover.api.going_back import KillSwitchChange, Rollback
    from changeover.views.layout import Screen


@click.command("rollback")
@click.argument("phase", required=False, shell_complete=complete_with("phase_names"))
@to_option()
@click.option("--all", is_flag=True, help="every phase with seams to off")
@mover_options(reason_required=False)
@format_option
def rollback_command(format_: str, **options: Any) -> None:
    """Move a phase back, or all of them; always possible, also where flags, plan or project are broken.

    Without --to a phase goes to the stage that its last step forward came from.

    For example: changeover rollback portfolio --to shadow
    """
    dry_run = options["dry_run"]
    if (options["phase"] is None) != options["all"] or (options["all"] and options["to"] is not None):
        raise click.UsageError("say one PHASE, with --to or without, or --all")
    done = changeover.rollback(**options, warn=warn)
    if done.failure is None:
        show_result(format_, "rollback", done, partial(rollback_json, dry_run=dry_run), _screen)
        say_dry_run(dry_run)
    for text in done.caveats:
        warn(text)
    raise click.exceptions.Exit(done.exit_code)


def _screen(done: Rollback, screen: Screen) -> str:
    if not done.entries:
        return "nothing to go back from; nothing was changed\n"
    from changeover.views.text.history import Moved, moved_screen

    again = tuple(
        f'changeover flip {entry.phase} {entry.old} --reason "..."'
        for entry in done.entries
        if entry.phase and entry.old
    )
    known = done.revision_before if done.revision_before or done.entries[0].revision == 1 else None
    return moved_screen(Moved(done.entries, known, again, "forward"), screen)


def rollback_json(done: Rollback, *, dry_run: bool) -> dict[str, Any]:
    """What `--format json` prints."""
    from changeover.rollout.history import entry_data

    moved = [entry_data(entry) for entry in done.entries]
    return {"dry_run": dry_run, "revision_before": done.revision_before, "moved": moved}


KILL, UNKILL = 'changeover kill --reason "..."', 'changeover unkill --reason "..."'


def switch_json(switch: KillSwitchChange, *, undo: str, dry_run: bool) -> dict[str, Any]:
    """What `--format json` prints of the kill switch."""
    changed = switch.entry is not None
    return {
        "is_on": switch.is_on,
        "file": str(switch.file),
        "changed": changed,
        "dry_run": dry_run,
        "undo": undo if changed else None,
        "caveat": switch.caveat,
    }


@click.command("kill")
@mover_options(reason_required=False)
@format_option
def kill_command(format_: str, **options: Any) -> None:
    """Let legacy answer every new run of every phase, whatever the flags say.

    For example: changeover kill --reason "orders look wrong"
    """
    switch = changeover.kill(**options, warn=warn)
    was_on = "" if switch.entry else "   (it was on already)"
    said = (
        f"kill switch on   {near(switch.file)}{was_on}\n"
        f"legacy answers every new run from now on, within {REFRESH_S:g} s in processes that run\n"
        "runs that have begun finish as they are; a phase whose legacy is gone stays with the candidate\n"
        f"undo        {UNKILL}\n"
    )
    data = partial(switch_json, undo=UNKILL, dry_run=options["dry_run"])
    show_result(format_, "kill", switch, data, lambda *_: said)
    say_dry_run(options["dry_run"])


@click.command("unkill")
@mover_options(reason_required=True)
@format_option
def unkill_command(format_: str, **options: Any) -> None:
    """Switch the kill switch off: every phase is again where flags.json has it.

    For example: changeover unkill --reason "it was the price feed"
    """
    switch = changeover.unkill(**options, warn=warn)
    said = (
        f"kill switch off   {near(switch.file)}\n"
        f"the flags decide again, within {REFRESH_S:g} s in processes that run: changeover status\n"
        f"undo        {KILL}\n"
    )
    if switch.entry is None:
        said = "kill switch off already; nothing was changed\n"
    data = partial(switch_json, undo=KILL, dry_run=options["dry_run"])
    show_result(format_, "unkill", switch, data, lambda *_: said)
    if switch.caveat is not None:
        warn(switch.caveat)
    say_dry_run(options["dry_run"])
