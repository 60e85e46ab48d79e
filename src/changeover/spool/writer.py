"""The spool of one process: a run is appended by one write, and is there however the process ends.

On the caller's path: a lock of this process, the count, the write. Nothing is synced and no other process is
waited for. Whatever is wrong with the folder is a problem that is said, and never an exception.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from changeover.record.context import permitted
from changeover.settings import SPOOL_BYTES_MAX
from changeover.spool.counts import CountsFile, Tally
from changeover.spool.environment import describe_environment
from changeover.spool.file_lock import NO_FILE, OPEN_FLAGS, close_quietly
from changeover.spool.forks import OPEN
from changeover.spool.frame import COUNTED, PAYLOAD_BYTES_MAX, FrameKind, packed
from changeover.spool.names import frames_path, new_name
from changeover.spool.room import make_room
from changeover.values.atomic_file import OWNER_ONLY
from changeover.values.private_folder import make_private_folder, make_state_folder

FILE_BYTES_MAX = 4 * 1024 * 1024
"""A file that is longer is followed by another one, so that it can be removed once it is read."""
RETRY_S = 1.0


class SpoolWriter:
    """Appends to the spool of this process in `folder`; a forked child begins one of its own.

    `problem` says why the latest frame could not be appended, None where it was. `describe` is asked for more
    that is to stand in the frame `environment`. The folder around `folder` is made private as well.
    """

    def __init__(
        self,
        folder: Path,
        *,
        describe: Callable[[], Mapping[str, Any]] = dict,
        bytes_max: int = SPOOL_BYTES_MAX,
        file_bytes_max: int = FILE_BYTES_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._describe, self._monotonic = describe, monotonic
        self._bytes_max, self._file_bytes_max = bytes_max, min(file_bytes_max, bytes_max)
        self._counts: CountsFile | None = None
        self._frames = NO_FILE
        self._lock = threading.RLock()  # entered again by a handler of a signal that passes a seam
        self._set_anew()
        OPEN.add(self)

    def begin_anew(self) -> None:
        """This process was forked: the spool is its parent's, and it has none yet."""
        self._let_go()
        self._lock = threading.RLock()
        self._set_anew()

    def _set_anew(self) -> None:
        self._pid = os.getpid()
        self._tally = Tally()
        self.name: str | None = None
        self._number = self._sequence = self._size = self._appended = 0
        self._next_try = float("-inf")
        self._is_opening = False
        self.problem: str | None = None

    @property
    def is_counting(self) -> bool:
        """Whether what is lost from now on will be known even if the process is killed."""
        return self._counts is not None

    def append(self, kind: FrameKind, payload: bytes, *, again: bool = False) -> bool:
        """Append one frame; False where it could not be, and then the spool has no whole frame of it.

        A run counts as offered whether or not that works. Never raises an Exception.

        Args:
            again: It was offered before: it is not counted once more.
        """
        with self._lock:
            self._stay_ours()
            if kind in COUNTED and not again:
                self._tally.offered += 1
            try:
                self._append(kind, payload)
            except Exception as error:  # noqa: BLE001  the caller is a program that serves
                self.problem = str(error) or type(error).__name__
                return False
            self.problem = None
            return True

    def offer(self, number: int = 1) -> None:
        """Count runs that will be appended later, `again`; a negative number takes that back.

        A process that ends before that has lost them. Never raises an Exception.
        """
        with self._lock:
            self._stay_ours()
            self._tally.offered = max(self._tally.offered + number, 0)
            try:
                if self._counts is None:
                    self._open()
                else:
                    self._count()
            except Exception as error:  # noqa: BLE001  the caller is a program that serves
                self.problem = str(error) or type(error).__name__

    def _stay_ours(self) -> None:
        """Begin anew in a process that was forked without a word, and where the files are gone."""
        if os.getpid() != self._pid:
            self.begin_anew()
        elif self._frames != NO_FILE and not os.fstat(self._frames).st_nlink:
            self._let_go()
            self._set_anew()

    def settle(self, *, elsewhere: int = 0, given_up: int = 0) -> None:
        """Say of runs that were not appended what became of them: kept without the spool, or given up."""
        with self._lock:
            self._tally.elsewhere += elsewhere
            self._tally.given_up += given_up
            self._count()

    def close(self) -> None:
        """Let go of the files; a further frame begins a spool of its own."""
        with self._lock:
            self._let_go()
            self._set_anew()

    def __del__(self) -> None:
        try:
            self._let_go()
        except TypeError:  # at the end of the interpreter, when this module is empty already
            return

    def _append(self, kind: FrameKind, payload: bytes) -> None:
        if len(payload) > PAYLOAD_BYTES_MAX:
            self._count()
            raise ValueError(f"a run of {len(payload)} bytes, allowed: {PAYLOAD_BYTES_MAX}")
        if self._frames == NO_FILE or (self._size >= self._file_bytes_max and not self._is_opening):
            self._open()
        if self._counts is not None:
            self._counts.put(self._tally)
        self._write(kind, payload)

    def _count(self) -> None:
        if self._counts is not None:
            self._counts.put(self._tally)

    def _write(self, kind: FrameKind, payload: bytes) -> None:
        self._sequence += 1
        frame = packed(kind, self._sequence, payload)
        # The file is asked for where it is used: a handler of a signal may have been here meanwhile.
        written = os.write(self._frames, frame)
        while written < len(frame):  # the disk is nearly full, which the next one says
            written += os.write(self._frames, frame[written:])
        self._size += len(frame)
        self._appended += kind in COUNTED

    def _open(self) -> None:
        """The next file to append to, where there is room for one."""
        now = self._monotonic()
        if self._is_opening or now < self._next_try:
            self._count()
            raise OSError(self.problem or "it is just being opened")
        self._next_try = now + RETRY_S
        self._is_opening = True
        try:
            with permitted():  # a run may end within the replay of another one
                make_state_folder(self.folder.parent)
                make_private_folder(self.folder)
                if self._counts is None:
                    self.name = new_name()
                    self._counts = CountsFile(self.folder, self.name, self._tally)
                self._begin_file(describe_environment(self._appended, self._describe()))
        finally:
            self._is_opening = False
        self._next_try = float("-inf")

    def _begin_file(self, environment: bytes) -> None:
        path = frames_path(self.folder, str(self.name), self._number + 1)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | OPEN_FLAGS
        descriptor = os.open(path, flags, OWNER_ONLY)
        if not make_room(self.folder, self._bytes_max):  # the one before may go, which is full
            close_quietly(descriptor)
            path.unlink(missing_ok=True)
            raise OSError(f"the spool is full: {self._bytes_max} bytes")
        before, self._frames = self._frames, descriptor
        close_quietly(before)
        self._number += 1
        self._size = 0
        self._write(FrameKind.ENVIRONMENT, environment)

    def _let_go(self) -> None:
        frames, self._frames = self._frames, NO_FILE
        close_quietly(frames)
        counts, self._counts = self._counts, None
        if counts is not None:
            counts.close()
