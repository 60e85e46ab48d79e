"""What a process offered to its spool, in a file beside it that also says whether the process lives.

The file is written in place, by one call for every change, before the frame that it counts. It is no mapping
of memory: a page of one that the file system cannot write, on a full disk, ends the process.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

from changeover.quick_dataclass import dataclass
from changeover.spool.file_lock import NO_FILE, OPEN_FLAGS, close_quietly, try_lock
from changeover.spool.names import BEING_MADE, COUNTS
from changeover.values.atomic_file import OWNER_ONLY

_RECORD = struct.Struct("<8s3Q")
_MARK = b"chgover1"


@dataclass(slots=True)
class Tally:
    """Runs offered since the process began; those kept without the spool; those given up for good.

    Of a process that has ended, every run that is neither kept elsewhere nor found was lost.
    """

    offered: int = 0
    elsewhere: int = 0
    given_up: int = 0


class CountsFile:
    """The counts of this process, locked until it is closed; raises OSError where it cannot be had."""

    def __init__(self, folder: Path, name: str, tally: Tally) -> None:
        # Nobody may see it unlocked: it would be taken for that of a process that has ended.
        beside = folder / f"{name}.{BEING_MADE}"
        self._descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | OPEN_FLAGS, OWNER_ONLY)
        try:
            try_lock(self._descriptor)
            self.put(tally)
            beside.rename(folder / f"{name}.{COUNTS}")
        except BaseException:
            self.close()
            with suppress(OSError):
                beside.unlink()
            raise

    def put(self, tally: Tally) -> None:
        """Write the counts down; raises OSError."""
        data = _RECORD.pack(_MARK, tally.offered, tally.elsewhere, tally.given_up)
        _write_at_start(self._descriptor, data)

    def close(self) -> None:
        """From now on the process counts as ended."""
        descriptor, self._descriptor = self._descriptor, NO_FILE
        close_quietly(descriptor)


if hasattr(os, "pwrite"):

    def _write_at_start(descriptor: int, data: bytes) -> None:
        os.pwrite(descriptor, data, 0)

else:

    def _write_at_start(descriptor: int, data: bytes) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, data)


def read_counts(folder: Path, name: str) -> Tally:
    """What the process has counted so far; nothing where its file is not there or damaged."""
    with suppress(OSError, struct.error):
        mark, *counts = _RECORD.unpack((folder / f"{name}.{COUNTS}").read_bytes()[: _RECORD.size])
        if mark == _MARK:
            return Tally(*counts)
    return Tally()


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process may append to its spool once more; True where that cannot be told."""
    return any(_is_locked(folder / f"{name}.{end}") for end in (BEING_MADE, COUNTS))


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | OPEN_FLAGS)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return not try_lock(descriptor)
    except OSError:
        return True
    finally:
        close_quietly(descriptor)
