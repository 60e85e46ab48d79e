"""`changeover flip`."""

from __future__ import annotations

import sys

import click

from changeover.api.flip import Flip, flip
from changeover.cli.move_options import dry_run_option, reason_option, who_option
from changeover.cli.output import format_option, quiet, say, say_dry_run, show, show_json, warn
from changeover.rollout.history import entry_data
from changeover.views.layout import screen_for
from changeover.views.text.history import Moved, moved_screen


@click.command("flip")
@click.argument("phase")
@click.argument("stage")
@click.option("--percent", metavar="P", help="of the keys, for the stage ramp; or say ramp:P")
@reason_option
@who_option
@click.option("--force", is_flag=True, help="go forward although the gate does not pass; it is written down")
@dry_run_option
@format_option
def command(
    phase: str,
    stage: str,
    percent: str | None,
    reason: str,
    who: str | None,
    force: bool,
    dry_run: bool,
    format_: str,
) -> None:
    """Move a phase to a stage. Forward the gate has to pass; back it is not asked.

    Exits as the gate does where that refuses: 1 fail, 3 inconclusive.

    For example: changeover flip portfolio shadow --reason "first week of comparison"
    """
    quiet()
    done = flip(
        phase,
        stage,
        percent=percent,
        reason=reason,
        who=who,
        force=force,
        dry_run=dry_run,
        warn=warn,
        progress=say,
    )
    _show(done, format_, dry_run=dry_run)
    for text in done.caveats:
        warn(text)
    raise click.exceptions.Exit(done.exit_code)


def _show(done: Flip, format_: str, *, dry_run: bool) -> None:
    entry, verdict, asked = done.entry, done.verdict, done.request
    if format_ == "json":
        show_json("flip", as_json(done, dry_run=dry_run))
    elif entry is not None:
        moved = Moved((entry,), done.revision_before, (_undo(done),))
        show(moved_screen(moved, screen_for(sys.stdout)))
    elif verdict is None:
        show(f"{asked.phase} is at {done.old} already; nothing was changed\n")
    else:
        from changeover.views.text.gate import gate_screen

        show(gate_screen(verdict, screen_for(sys.stdout)))
    if done.gate_problem is not None:
        warn(f"the gate could not be asked: {done.gate_problem}")
    if entry is None and verdict is not None:
        say("nothing was changed; --force moves all the same, and the history will say that it was forced")
    outcome = None if entry is None else entry.gate_outcome
    if outcome is not None and outcome.forced:
        went = f"{asked.phase} {'would go' if dry_run else 'went'} forward WITHOUT A PASSED GATE"
        warn(f"FORCED: {went} ({outcome}); it is written down")
    say_dry_run(dry_run and entry is not None)


def _undo(done: Flip) -> str:
    if done.entry is not None and done.entry.gate is None:  # it went back itself
        return f'changeover flip {done.request.phase} {done.old} --reason "..."'
    return f"changeover rollback {done.request.phase} --to {done.old}"


def as_json(done: Flip, *, dry_run: bool) -> dict[str, object]:
    """What `--format json` prints."""
    from changeover.views.json import gate_json

    verdict, entry, asked = done.verdict, done.entry, done.request
    return {
        "phase": asked.phase,
        "from": str(done.old),
        "to": str(asked.new),
        "dry_run": dry_run,
        "moved": None if entry is None else entry_data(entry),
        "revision_before": done.revision_before,
        "gate": None if verdict is None else gate_json(verdict),
        "undo": None if entry is None else _undo(done),
    }
