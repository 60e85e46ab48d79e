"""A lock for moves, one at a time; the system releases it when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from changeover.errors import ConfigurationError, describe_os_error

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
