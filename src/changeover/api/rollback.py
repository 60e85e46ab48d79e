"""`rollback`: back to an earlier stage, at once, whatever else is broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from changeover.api.arguments import Told
from changeover.api.moving import Warnings, overrides_of, stages_to_go_back_by, those_ahead
from changeover.errors import ConfigurationError
from changeover.project import Project, find_folder
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import Cause, HistoryEntry, NotWrittenError, cause_of, mover, read_lines
from changeover.rollout.kill_switch import switch_kill_on
from changeover.rollout.migration_files import NotLockableError, Place, place_for
from changeover.rollout.move import (
    MovedMeanwhileError,
    RollbackPlan,
    plan_rollback,
    roll_back,
)
from changeover.settings import NO_REASON
from changeover.values.stage import ALL_STAGES, Setting, Stages, parse_setting

TRIES_MAX = 10


@dataclass(frozen=True, slots=True)
class Rollback:
    """What moved, by lines of the history; none where there was nothing to go back from.

    `failure` says why flags.json could not be written. The kill switch was put on then, if `is_killed`.
    `caveats` say what keeps the move from being seen, and which phases stand further than they should now.
    """

    entries: tuple[HistoryEntry, ...] = ()
    revision_before: int = 0
    failure: str | None = None
    is_killed: bool = False
    warnings: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where it could not be done."""
        return 0 if self.failure is None else 1


def rollback(
    phase: str | None = None,
    *,
    to: str | None = None,
    all: bool = False,
    reason: str = NO_REASON,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told | None = None,
) -> Rollback:
    """Move a phase back, or all of them; always possible, also where flags, plan or project are broken.

    Where flags.json cannot be written, the kill switch is put on instead.

    Args:
        phase: the phase; None with `all`.
        to: an earlier stage; the one that the last step forward came from unless given.
        all: every phase with seams to `off`.
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked; the result has it too.

    Raises:
        ConfigurationError: no such phase or stage, a step that is not back, no migration folder; in a dry run
            also where flags.json could not be written.

    Example:
        changeover.rollback("portfolio", to="shadow", reason="more runs first")
    """
    if (phase is None) != all or (all and to is not None):
        raise ConfigurationError("rollback", "needs one phase, with a stage or without, or all=True")
    asked = None if phase is None else {phase: None if to is None else _setting(to)}
    warnings = Warnings(warn)
    directory = find_folder(project, warnings)
    place = place_for(directory, warnings, dry_run=dry_run)
    stages = stages_to_go_back_by(directory, warnings)
    cause = cause_of("rollback", mover(who), reason, datetime.now(UTC))
    try:
        way, entries = _gone_back(place, stages, asked, cause)
    except (NotWrittenError, NotLockableError) as error:
        if dry_run:
            raise
        is_killed = _kill_instead(place, cause, error)
        return Rollback(failure=str(error), is_killed=is_killed, warnings=warnings.texts)
    moved = [entry.phase for entry in entries if entry.phase]
    caveats = (*overrides_of(directory, moved), *those_ahead(directory, way.settings))
    return Rollback(tuple(entries), way.flags_state.revision, warnings=warnings.texts, caveats=caveats)


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
        flags_state, lines = read_flags(place.flags, stages), read_lines(place.history)
        way = plan_rollback(flags_state, lines, stages, asked)
        for lost in way.lost:
            place.warn(
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


def _kill_instead(place: Place, cause: Cause, error: ConfigurationError) -> bool:
    place.warn(str(error))
    try:
        switch_kill_on(place.directory, cause.who, f"rollback: {cause.reason}", cause.now)
    except NotWrittenError as second:
        place.warn(f"{second}; NOTHING WAS CHANGED")
        return False
    place.warn("the kill switch was put instead: legacy answers every new run of every phase")
    return True
