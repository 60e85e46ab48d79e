"""`changeover flags seal`: a hand edit of flags.json becomes valid, and part of the history."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from changeover.cli.move_options import dry_run_option, place_for, reason_option, warn, who_moves, who_option
from changeover.cli.output import format_option, say, show, show_json
from changeover.flips.change import Change, cause_of
from changeover.flips.place import stages_of
from changeover.project import find_project
from changeover.rollout.history import entry_data
from changeover.rollout.seal import HandEdit, read_edit, seal
from changeover.screens.moved import Moved, moved_screen
from changeover.views.layout import ink_for


@click.group("flags")
def command() -> None:
    """The file that says where every phase stands."""


@command.command("seal", short_help="give a hand edit of flags.json a revision and a digest")
@reason_option
@who_option
@dry_run_option
@format_option
def seal_(reason: str, who: str | None, dry_run: bool, format_: str) -> None:
    """Check a hand edit of flags.json against the plan, give it a revision and a digest, and journal it.

    For example: changeover flags seal --reason "edited on the host while the console was down"
    """
    project = find_project(Path.cwd(), os.environ)
    stages = stages_of(project.plan())
    place = place_for(project.directory, dry_run=dry_run)
    edit = read_edit(place, stages)
    if edit.sealed and not edit.changes:
        show(f"flags.json is sealed: revision {edit.standing.revision}; nothing was changed\n")
        return
    cause = cause_of("seal", who_moves(who), reason, datetime.now(UTC))
    entries = seal(place, stages, edit, cause)
    if format_ == "json":
        moved = [entry_data(entry) for entry in entries]
        show_json({"dry_run": dry_run, "revision_before": edit.standing.revision, "moved": moved})
    else:
        undo = tuple(_undo(change) for change in edit.changes)
        show(moved_screen(Moved(tuple(entries), edit.standing.revision, undo), ink_for(sys.stdout)))
    _warn_of_steps(edit)
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")


def _undo(change: Change) -> str:
    if change.is_forward:
        return f"changeover rollback {change.phase} --to {change.old}"
    return f'changeover flip {change.phase} {change.old} --reason "..."'


def _warn_of_steps(edit: HandEdit) -> None:
    for change in edit.forward:
        warn(f"{change.phase} went forward, {change.old} -> {change.new}, WITHOUT A GATE: edited by hand")
