"""`changeover rollback`: back to an earlier stage, at once, whatever else is broken."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from changeover.cli.move_options import (
    dry_run_option,
    folder_to_go_back_in,
    free_reason_option,
    place_for,
    stages_to_go_back_by,
    warn,
    warn_of_overrides,
    warn_of_those_ahead,
    who_moves,
    who_option,
)
from changeover.cli.output import format_option, say, show, show_json
from changeover.errors import ConfigurationError
from changeover.rollout.commit import Cause, NotWrittenError, cause_of
from changeover.rollout.history import HistoryEntry, entry_data
from changeover.rollout.kill_switch import switch_kill_on
from changeover.rollout.lock import NotLockableError
from changeover.rollout.migration_files import Place
from changeover.rollout.move import MovedMeanwhileError
from changeover.rollout.rollback import RollbackPlan, plan_rollback, read_flags_and_history, roll_back
from changeover.values.pins import ALL_STAGES
from changeover.values.stage import Setting, Stages, parse_setting
from changeover.views.layout import screen_for
from changeover.views.text.history import Moved, moved_screen

TRIES_MAX = 10


@click.command("rollback")
@click.argument("phase", required=False)
@click.option("--to", "stage", metavar="STAGE", help="an earlier stage; else the one that it came from")
@click.option("--all", "everything", is_flag=True, help="every phase with seams to off")
@free_reason_option
@who_option
@dry_run_option
@format_option
def command(
    phase: str | None,
    stage: str | None,
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
    if (phase is None) != everything or (everything and stage is not None):
        raise click.UsageError("say one PHASE, with --to or without, or --all")
    asked = None if phase is None else {phase: None if stage is None else _setting(stage)}
    directory = folder_to_go_back_in()
    place = place_for(directory, dry_run=dry_run)
    stages = stages_to_go_back_by(directory)
    cause = cause_of("rollback", who_moves(who), reason, datetime.now(UTC))
    try:
        way, entries = _gone_back(place, stages, asked, cause)
    except (NotWrittenError, NotLockableError) as error:
        if dry_run:
            raise
        _kill_instead(directory, cause, error)
        raise click.exceptions.Exit(1) from None
    _show(way, entries, format_, dry_run=dry_run)
    warn_of_overrides(directory, [entry.phase for entry in entries if entry.phase])
    warn_of_those_ahead(directory, way.settings)


def _setting(text: str) -> Setting:
    try:
        return parse_setting(text, ALL_STAGES)
    except ValueError as error:
        raise ConfigurationError("--to", str(error)) from None


def _gone_back(
    place: Place, stages: Stages | None, asked: dict[str, Setting | None] | None, cause: Cause
) -> tuple[RollbackPlan, list[HistoryEntry]]:
    """Whoever moves at the same time does not stop it: it looks again."""
    for tried in range(1, TRIES_MAX + 1):
        way = plan_rollback(*read_flags_and_history(place, stages), stages, asked)
        for lost in way.lost:
            warn(
                f"{lost}: its stage could not be told from flags and history, it goes to {way.settings[lost]}"
            )
        if not way.is_needed:
            return way, []
        try:
            return way, roll_back(place, stages, way, cause)
        except MovedMeanwhileError:
            if tried == TRIES_MAX:
                raise
    raise AssertionError("unreachable")


def _kill_instead(directory: Path, cause: Cause, error: ConfigurationError) -> None:
    warn(str(error))
    try:
        switch_kill_on(directory, cause.who, f"rollback: {cause.reason}", cause.now)
    except NotWrittenError as second:
        warn(f"{second}; NOTHING WAS CHANGED")
    else:
        warn("the kill switch was put instead: legacy answers every new run of every phase")


def _show(way: RollbackPlan, entries: list[HistoryEntry], format_: str, *, dry_run: bool) -> None:
    again = [
        f'changeover flip {entry.phase} {entry.old} --reason "..."'
        for entry in entries
        if entry.phase and entry.old
    ]
    if format_ == "json":
        moved = [entry_data(entry) for entry in entries]
        show_json(
            "rollback", {"dry_run": dry_run, "revision_before": way.flags_state.revision, "moved": moved}
        )
    elif not entries:
        show("nothing to go back from; nothing was changed\n")
    else:
        before = way.flags_state.revision if way.flags_state.revision or entries[0].revision == 1 else None
        show(moved_screen(Moved(tuple(entries), before, tuple(again), "forward"), screen_for(sys.stdout)))
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")
