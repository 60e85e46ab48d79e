"""Locks that a process holds on a file as long as it keeps it open, and that end with the process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

OPEN_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

if sys.platform == "win32":
    import msvcrt

    _FAR_BYTE = 1 << 30  # behind everything, since what is locked there cannot be read

    def try_lock(descriptor: int) -> bool:
        """Whether this process holds the file now; raises OSError where no file can be locked."""
        os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Whether this process holds the file now; raises OSError where no file can be locked."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


NO_FILE = -1


def close_quietly(descriptor: int) -> None:
    """Give a file and its lock back."""
    if descriptor != NO_FILE:
        with suppress(OSError):
            os.close(descriptor)
