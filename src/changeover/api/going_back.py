"""`rollback`, and `kill` with `unkill`: back at once, whatever else is broken."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.api.arguments import Told, ignore, setting_of
from changeover.errors import ConfigurationError
from changeover.project import Project, find_folder
from changeover.quick_dataclass import dataclass
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import Cause, NotWrittenError, cause_of, mover
from changeover.rollout.kill_switch import read_kill_switch, switch_kill_off, switch_kill_on
from changeover.rollout.migration_files import (
    NotLockableError,
    Place,
    other_folders,
    place_for,
    place_of,
    stages_of,
)
from changeover.settings import NO_REASON, PLAN_FILE
from changeover.values.stage import ALL_STAGES, stage_variable

if TYPE_CHECKING:
    from changeover.rollout.history import HistoryEntry
    from changeover.rollout.move import RollbackPlan
    from changeover.values.stage import Setting, Stages

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
    asked = None if phase is None else {phase: None if to is None else setting_of("--to", to, ALL_STAGES)}
    warnings = Warnings(warn)
    directory = find_folder(project, warnings)
    for problem in other_folders(directory, datetime.now(UTC)):
        warnings(problem)
    place = place_for(directory, warnings, dry_run=dry_run)
    stages = stages_to_go_back_by(directory, warnings)
    cause = cause_of("rollback", mover(who), reason, datetime.now(UTC))
    try:
        way, entries = _gone_back(place, stages, asked, cause)
    except (NotWrittenError, NotLockableError) as error:
        if dry_run:
            raise
        is_killed = _kill_instead(place, cause, error)
        return Rollback(failure=str(error), is_killed=is_killed, warnings=tuple(warnings))
    moved = [entry.phase for entry in entries if entry.phase]
    caveats = (*overrides_of(directory, moved), *those_ahead(directory, way.settings))
    return Rollback(tuple(entries), way.flags_state.revision, warnings=tuple(warnings), caveats=caveats)


def _gone_back(
    place: Place, stages: Stages | None, asked: dict[str, Setting | None] | None, cause: Cause
) -> tuple[RollbackPlan, list[HistoryEntry]]:
    """Whoever moves at the same time does not stop it: it looks again."""
    from changeover.rollout.move import MovedMeanwhileError, plan_rollback, roll_back

    for tried in range(1, TRIES_MAX + 1):
        flags_state, lines = read_flags(place.flags, stages), place.lines()
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
        switch_kill_on(place_of(place.directory), cause.who, f"rollback: {cause.reason}", cause.now)
    except NotWrittenError as second:
        place.warn(f"{second}; NOTHING WAS CHANGED")
        return False
    place.warn("the kill switch was put instead: legacy answers every new run of every phase")
    return True


@dataclass(frozen=True, slots=True)
class KillSwitchChange:
    """The switch after a verb; no `entry` where it stood so already. `caveat`: what kills all the same."""

    file: Path
    is_on: bool
    entry: HistoryEntry | None
    caveat: str | None = None


def kill(
    *,
    reason: str = NO_REASON,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told = ignore,
) -> KillSwitchChange:
    """Let legacy answer every new run of every phase, whatever the flags say.

    Args:
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked.

    Raises:
        ConfigurationError: there is no migration folder, or no file can be made in it.

    Example:
        changeover.kill(reason="orders look wrong")
    """
    place = place_for(find_folder(project, warn), warn, dry_run=dry_run)
    for problem in other_folders(place.directory, datetime.now(UTC)):
        warn(problem)
    entry = switch_kill_on(place, mover(who), reason, datetime.now(UTC))
    return KillSwitchChange(place.kill, True, entry)


def unkill(
    *,
    reason: str,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told = ignore,
) -> KillSwitchChange:
    """Switch the kill switch off: every phase is again where flags.json has it.

    Args:
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked.

    Raises:
        ConfigurationError: there is no migration folder, or the file cannot be removed.

    Example:
        changeover.unkill(reason="it was the price feed")
    """
    place = place_for(find_folder(project, warn), warn, dry_run=dry_run)
    caveat = None
    entry = switch_kill_off(place, mover(who), reason, datetime.now(UTC))
    variable = read_kill_switch(None).variable
    if variable is not None:
        caveat = f"{variable} is set in this environment, and kills whatever runs in it all the same"
    return KillSwitchChange(place.kill, False, entry, caveat)


class Warnings(list[str]):
    """What must not be overlooked: handed on at once, and kept for the result."""

    def __init__(self, hand_on: Told | None) -> None:
        super().__init__()
        self._hand_on = hand_on or ignore

    def __call__(self, text: str) -> None:
        """One more."""
        self.append(text)
        self._hand_on(text)


def stages_to_go_back_by(directory: Path, warn: Told) -> Stages | None:
    """The stages of each phase; None, with a warning, where the plan cannot be read."""
    from changeover.rollout.plan_file import load_plan

    path = directory / PLAN_FILE
    if not path.exists():
        return None
    try:
        return stages_of(load_plan(path))
    except ConfigurationError as error:
        warn(f"{error}; what the flags say themselves is taken")
        return None


def overrides_of(directory: Path, phases: Iterable[str]) -> Iterator[str]:
    """What keeps a move from being seen, as far as this environment shows it."""
    for phase in phases:
        variable = stage_variable(phase)
        if variable in os.environ:
            value = os.environ[variable]
            yield f"{variable}={value} overrides flags.json in processes with this environment"
    if read_kill_switch(directory, os.environ).killed:
        yield "kill switch on: legacy answers every new run until changeover unkill"


def those_ahead(directory: Path, settings: Mapping[str, Setting]) -> Iterator[str]:
    """Which phases now stand further than what they require; going back moves nobody else."""
    from changeover.rollout.plan_file import load_plan
    from changeover.values.stage import SEAM_STAGES, earlier

    with suppress(ConfigurationError):
        for phase in load_plan(directory / PLAN_FILE).phases.values():
            here = settings.get(phase.name)
            for needed in phase.requires:
                there = settings.get(needed)
                if here is None or there is None or there.stage not in SEAM_STAGES:
                    continue
                if earlier(here, there) != here:
                    yield f"{phase.name} stays at {here} and requires {needed}, which is at {there}"
