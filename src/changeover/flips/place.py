"""Where flags and history of one migration lie, and how they are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from changeover.rollout.lock import LOCK_WAIT_S, exclusive
from changeover.rollout.migration_files import Files
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import FLAGS_VARIABLE, KILL_FILE
from changeover.rollout.tripwire_state import trips_path
from changeover.telemetry.logs import logger
from changeover.values.stage import SEAM_STAGES, Setting, Stage

HISTORY_FILE = "history.jsonl"
FLAGS_FILE = "flags.json"
Stages = Mapping[str, tuple[Stage, ...]]
_log = logger("flips")


@dataclass(frozen=True, slots=True)
class Place:
    """`flags` may lie outside the folder; it is the file that is locked for, history the one that follows.

    `trips` is where the tripwire writes when it cannot write the flags. `warn` is told what went wrong
    without stopping the move.
    """

    directory: Path
    flags: Path
    trips: Path | None = None
    files: Files = field(default_factory=Files)
    lock_wait_s: float = LOCK_WAIT_S
    warn: Callable[[str], None] = _log.warning

    @property
    def history(self) -> Path:
        """The journal."""
        return self.directory / HISTORY_FILE

    @property
    def kill(self) -> Path:
        """The kill switch: it is on while this file exists."""
        return self.directory / KILL_FILE

    def lock(self) -> AbstractContextManager[None]:
        """Be the only one that moves a phase here."""
        return exclusive(self.flags.parent, self.lock_wait_s)


def place_of(directory: Path, environment: Mapping[str, str] | None = None) -> Place:
    """The files that a program with this folder and environment looks at."""
    named_by = os.environ if environment is None else environment
    named = named_by.get(FLAGS_VARIABLE)
    # A link stays a link: what it points to is replaced.
    flags = Path(os.path.realpath(named or directory / FLAGS_FILE))
    return Place(directory, flags, trips_path(directory, named_by))


def stages_of(plan: Plan | None) -> Stages | None:
    """The stages that each phase may have, None where there is no plan."""
    return None if plan is None else {name: phase.stages for name, phase in plan.phases.items()}


def earliest(allowed: tuple[Stage, ...]) -> Setting:
    """Where a phase stands before anything has moved."""
    return Setting(allowed[0])


def earliest_like(setting: Setting) -> Setting:
    """`off` for a phase with seams, `open` for one of checks only."""
    return Setting(Stage.OFF) if setting.stage in SEAM_STAGES else Setting(Stage.OPEN)


def earlier(one: Setting, other: Setting) -> Setting:
    """The one that is less far; two of different kinds give the beginning of the first."""
    if earliest_like(one) != earliest_like(other):
        return earliest_like(one)
    order = tuple(Stage)
    return min(one, other, key=lambda setting: (order.index(setting.stage), setting.percent))
