"""The files of a migration: the lock that one holds to move, and each step of a move, whole or not at all."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError, describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry, HistoryLine, encoded, last_revision, read_lines
from changeover.settings import (
    FLAGS_FILE,
    FLAGS_VARIABLE,
    HISTORY_FILE,
    KILL_FILE,
    PROGRAMS_FILE,
    STATE_FOLDER,
    STORE_SCHEME,
    STORE_VARIABLE,
    TRIPS_FILE,
)
from changeover.values import atomic_file
from changeover.values.stage import Stages

LOCK_WAIT_S = 10.0
LOCK_FILE = ".lock"
_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.05


class LockHeldError(ConfigurationError):
    """Another process holds the lock for longer than a move takes."""


class NotLockableError(ConfigurationError):
    """The folder is missing or may not be written."""


@contextmanager
def exclusive(folder: Path, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Hold the lock of a folder; raises LockHeldError after `wait_s`.

    The folder itself is locked, which needs no room on the disk. Where the system cannot lock a folder
    (Windows, network file systems), a file in it is locked instead.
    """
    descriptor = _opened(folder)
    try:
        _wait(descriptor, folder, wait_s)
        try:
            yield
        finally:
            _release(descriptor)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, folder: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    pause = _FIRST_PAUSE_S
    while not _taken(descriptor):
        if time.monotonic() >= deadline:
            raise LockHeldError(
                str(folder),
                f"another process has been changing it for {wait_s:g} s, nothing was changed here; try "
                "again, or changeover kill, which waits for nobody",
            )
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


if sys.platform == "win32":
    import msvcrt

    def _opened(folder: Path) -> int:
        return _opened_file(folder)

    def _taken(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _opened(folder: Path) -> int:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise _unlockable(folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return descriptor
        except OSError:  # such as EBADF on NFS, which locks only what is open for writing
            os.close(descriptor)
            return _opened_file(folder)
        return descriptor  # held already; taking it again is no harm

    def _taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(descriptor: int) -> None:
        # Said aloud, because a child forked meanwhile has a copy of the descriptor and would hold the lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _opened_file(folder: Path) -> int:
    try:
        return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unlockable(folder, error) from error


def _unlockable(folder: Path, error: OSError) -> NotLockableError:
    return NotLockableError(
        str(folder), f"could not be locked: {describe_os_error(error)}; nothing was changed"
    )


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

    def lines(self) -> list[HistoryLine]:
        """Every line of the journal, good or not; never raises."""
        return read_lines(self.history)

    def last_revision(self) -> int:
        """The highest revision in the journal, carried out or not."""
        return last_revision(self.lines())

    def write_down(self, entries: Sequence[HistoryEntry]) -> None:
        """Add entries to the journal; raises OSError."""
        self.files.append(self.history, encoded(entries))

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
    return None if plan is None else plan.stages


def trips_path(directory: Path, environment: Mapping[str, str]) -> Path:
    """Beside the store of evidence: `.changeover` next to the folder, unless CHANGEOVER_STORE says where."""
    named = environment.get(STORE_VARIABLE, "")
    if named.startswith(STORE_SCHEME) and len(named) > len(STORE_SCHEME):
        return Path(named.removeprefix(STORE_SCHEME)).parent / TRIPS_FILE
    return directory.absolute().parent / STATE_FOLDER / TRIPS_FILE


def other_folders(directory: Path, now: datetime) -> Iterator[str]:
    """Sentences about other folders that the programs of this project read; never raises."""
    folders = directory.absolute().parents
    root = next((folder for folder in folders if (folder / "pyproject.toml").is_file()), folders[0])
    file = root / STATE_FOLDER / PROGRAMS_FILE
    if file.exists():
        from changeover.rollout.programs import folders_read_instead

        yield from folders_read_instead(file, directory, now)
