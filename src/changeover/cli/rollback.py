"""`changeover rollback`."""

from __future__ import annotations

import sys
from typing import Any

import click

from changeover.api.rollback import Rollback, rollback
from changeover.cli.move_options import dry_run_option, free_reason_option, who_option
from changeover.cli.output import format_option, say_dry_run, show, show_json, warn
from changeover.rollout.history import entry_data
from changeover.views.layout import screen_for
from changeover.views.text.history import Moved, moved_screen


@click.command("rollback")
@click.argument("phase", required=False)
@click.option("--to", metavar="STAGE", help="an earlier stage; else the one that it came from")
@click.option("--all", "everything", is_flag=True, help="every phase with seams to off")
@free_reason_option
@who_option
@dry_run_option
@format_option
def command(
    phase: str | None,
    to: str | None,
    everything: bool,
    reason: str,
    who: str | None,
    dry_run: bool,
    format_: str,
) -> None:
    """Move a phase back, or all of them; always possible, also where flags, plan or project are broken.

    Without --to a phase goes to the stage that its last step forward came from.

    For example: changeover rollback portfolio --to shadow
    """
    if (phase is None) != everything or (everything and to is not None):
        raise click.UsageError("say one PHASE, with --to or without, or --all")
    done = rollback(phase, to=to, all=everything, reason=reason, who=who, dry_run=dry_run, warn=warn)
    if done.failure is None:
        _show(done, format_, dry_run=dry_run)
        say_dry_run(dry_run)
    for text in done.caveats:
        warn(text)
    raise click.exceptions.Exit(done.exit_code)


def _show(done: Rollback, format_: str, *, dry_run: bool) -> None:
    entries, before = done.entries, done.revision_before
    if format_ == "json":
        show_json("rollback", as_json(done, dry_run=dry_run))
    elif not entries:
        show("nothing to go back from; nothing was changed\n")
    else:
        again = [
            f'changeover flip {entry.phase} {entry.old} --reason "..."'
            for entry in entries
            if entry.phase and entry.old
        ]
        known = before if before or entries[0].revision == 1 else None
        show(moved_screen(Moved(entries, known, tuple(again), "forward"), screen_for(sys.stdout)))


def as_json(done: Rollback, *, dry_run: bool) -> dict[str, Any]:
    """What `--format json` prints."""
    moved = [entry_data(entry) for entry in done.entries]
    return {"dry_run": dry_run, "revision_before": done.revision_before, "moved": moved}
