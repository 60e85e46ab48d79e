"""What a move does to files, each step whole or not at all; a class, so that tests can let steps fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.rollout.lock import LOCK_WAIT_S, exclusive
from changeover.rollout.tripwire_state import trips_path
from changeover.settings import FLAGS_FILE, FLAGS_VARIABLE, HISTORY_FILE, KILL_FILE
from changeover.values import atomic_file
from changeover.values.stage import Stages


class Files:
    """The steps of a move, each whole or not at all; every one raises OSError."""

    def write_beside(self, path: Path, data: bytes) -> Path:
        """Write and sync the new content beside the old one; only the holder of the lock does so."""
        return atomic_file.write_beside(path, data)

    def replace(self, beside: Path, path: Path) -> None:
        """Put the new content in the place of the old one: readers see either, never a mixture."""
        atomic_file.move_into_place(beside, path)

    def forget(self, beside: Path) -> None:
        """Remove what was written beside; a rest that cannot be removed harms nobody."""
        atomic_file.discard(beside)

    def overwrite(self, path: Path, data: bytes) -> None:
        """Write over the old content where it lies, which needs no new room; a reader may see a mixture."""
        atomic_file.overwrite(path, data)

    def create_empty(self, path: Path) -> None:
        """Make a file of no length; raises FileExistsError where there is anything of that name."""
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        atomic_file.sync_folder(path.parent)

    def remove(self, path: Path) -> None:
        """Remove a file; raises FileNotFoundError where it is not there."""
        path.unlink()
        atomic_file.sync_folder(path.parent)

    def append(self, path: Path, data: bytes) -> None:
        """Add whole lines and sync them."""
        atomic_file.append_lines(path, data)


class Untouched(Files):
    """For `--dry-run`: everything is worked out as always, and nothing is written."""

    def write_beside(self, path: Path, data: bytes) -> Path:
        """Nothing."""
        return path

    def replace(self, beside: Path, path: Path) -> None:
        """Nothing."""

    def forget(self, beside: Path) -> None:
        """Nothing."""

    def overwrite(self, path: Path, data: bytes) -> None:
        """Nothing."""

    def create_empty(self, path: Path) -> None:
        """Nothing, but for the answer where it is there already."""
        if os.path.lexists(path):
            raise FileExistsError(path)

    def remove(self, path: Path) -> None:
        """Nothing, but for the answer where it is not there."""
        path.lstat()

    def append(self, path: Path, data: bytes) -> None:
        """Nothing."""


if TYPE_CHECKING:
    from changeover.rollout.plan_file import Plan


def _log(text: str) -> None:
    from changeover.telemetry.logs import logger

    logger("flips").warning(text)


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
    warn: Callable[[str], None] = _log

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


def place_for(directory: Path, warn: Callable[[str], None], *, dry_run: bool = False) -> Place:
    """Where a command writes: nowhere in a dry run. `warn` hears what goes wrong without stopping it."""
    place = replace(place_of(directory), warn=warn)
    return replace(place, files=Untouched()) if dry_run else place


def stages_of(plan: Plan | None) -> Stages | None:
    """The stages that each phase may have, None where there is no plan."""
    return None if plan is None else {name: phase.stages for name, phase in plan.phases.items()}
