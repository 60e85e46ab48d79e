"""`changeover history`: who moved what; and whether that agrees with where the phases stand."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from changeover.cli.move_options import (
    dry_run_option,
    folder_to_go_back_in,
    place_for,
    reason_option,
    stages_to_go_back_by,
    warn,
    who_moves,
    who_option,
)
from changeover.cli.output import format_option, say, show, show_json
from changeover.project import find_project
from changeover.rollout.commit import Change, cause_of
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import entries_of, entry_data, read_lines
from changeover.rollout.migration_files import stages_of
from changeover.rollout.seal import HandEdit, read_edit, seal
from changeover.rollout.verify import Agreement, Finding, agreement, repair
from changeover.views.layout import screen_for
from changeover.views.text.history import Moved, agreement_screen, history_screen, moved_screen

LAST_SHOWN = 50


@click.command("history")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=LAST_SHOWN,
    show_default=True,
    metavar="N",
    help="so many lines of it, the latest",
)
@click.option("--verify", is_flag=True, help="do flags.json and history.jsonl agree; exits 1 where not")
@click.option("--repair", "mend", is_flag=True, help="add the lines that the history lacks, then verify")
@who_option
@format_option
def command(last: int, verify: bool, mend: bool, who: str | None, format_: str) -> None:
    """Who moved what, when, why, and on which evidence.

    For example: changeover history --verify
    """
    directory = folder_to_go_back_in()
    place, stages = place_for(directory, dry_run=False), stages_to_go_back_by(directory)
    if mend:
        added = repair(place, stages, who_moves(who), datetime.now(UTC))
        say(f"added {added} to {place.history}" if added else "nothing that a line could mend")
    lines = read_lines(place.history)
    entries = entries_of(lines)
    found = agreement(read_flags(place.flags, stages), lines)
    if format_ == "json":
        damaged = [line.problem for line in lines if line.entry is None]
        shown = [entry_data(entry) for entry in entries[-last:]]
        show_json("history", {"entries": shown, "damaged": damaged, "agreement": _as_json(found)})
    elif verify or mend:
        show(agreement_screen(found, screen_for(sys.stdout)))
    else:
        left_out = max(0, len(entries) - last)
        problems = [finding.text for finding in found.findings]
        show(history_screen(entries[-last:], left_out, problems, screen_for(sys.stdout)))
    raise click.exceptions.Exit(1 if (verify or mend) and not found.agrees else 0)


def _as_json(found: Agreement) -> dict[str, Any]:
    return {
        "agrees": found.agrees,
        "revision": found.revision,
        "findings": [_finding(one) for one in found.findings],
        "known": [_finding(one) for one in found.known],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {"line": one.line, "finding": one.text, "repair": one.repair}


@click.group("flags")
def flags_command() -> None:
    """The file that says where every phase stands."""


@flags_command.command("seal", short_help="give a hand edit of flags.json a revision and a digest")
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
        show(f"flags.json is sealed: revision {edit.flags_state.revision}; nothing was changed\n")
        return
    cause = cause_of("seal", who_moves(who), reason, datetime.now(UTC))
    entries = seal(place, stages, edit, cause)
    if format_ == "json":
        moved = [entry_data(entry) for entry in entries]
        show_json(
            "flags-seal", {"dry_run": dry_run, "revision_before": edit.flags_state.revision, "moved": moved}
        )
    else:
        undo = tuple(_undo(change) for change in edit.changes)
        show(moved_screen(Moved(tuple(entries), edit.flags_state.revision, undo), screen_for(sys.stdout)))
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
