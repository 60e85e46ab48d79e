"""How far one reader came with the spool of one process: a record that is also the claim to read it.

The file is locked while it is read, and free again when the reader dies. The record has a checksum; one that
is damaged stands for the beginning, so that everything is read once more.
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from changeover.quick_dataclass import dataclass
from changeover.spool.file_lock import NO_FILE, OPEN_FLAGS, close_quietly, try_lock
from changeover.values.atomic_file import OWNER_ONLY

_RECORD = struct.Struct("<IQQQ")
_CHECK = struct.Struct("<I")
_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class Place:
    """Behind what was done: in which file, at which offset, and how many runs were found up to there.

    `missing` are those that had been appended before this file began, and were not found.
    """

    number: int = 0
    offset: int = 0
    found: int = 0
    missing: int = 0


class ProgressFile:
    """Held by one reader at a time; `is_held` is False where another one has it, or has removed it."""

    def __init__(self, path: Path, wait_s: float = 0.0) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, OWNER_ONLY)
        try:
            self.is_held = self._take(wait_s) and self._is_in_place()
        except BaseException:
            self.close()
            raise

    def _take(self, wait_s: float) -> bool:
        until = time.monotonic() + wait_s
        while not try_lock(self._descriptor):
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE_S)
        return True

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except OSError:  # the reader before has removed it
            return False

    def read(self) -> Place:
        """What was written last; the beginning where there is none, or it is damaged."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return _place(os.read(self._descriptor, _RECORD.size + _CHECK.size))

    def write(self, place: Place) -> None:
        """Keep it; raises OSError."""
        record = _RECORD.pack(place.number, place.offset, place.found, place.missing)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, record + _CHECK.pack(crc32(record)))

    def close(self) -> None:
        """Let another one read."""
        descriptor, self._descriptor = self._descriptor, NO_FILE
        close_quietly(descriptor)


def read_place(path: Path) -> Place:
    """How far a reader came, for somebody who only looks; the beginning where none has been there."""
    with suppress(OSError):
        return _place(path.read_bytes())
    return Place()


def _place(data: bytes) -> Place:
    record, check = data[: _RECORD.size], data[_RECORD.size :]
    is_whole = len(record) == _RECORD.size and _CHECK.pack(crc32(record)) == check
    return Place(*_RECORD.unpack(record)) if is_whole else Place()
