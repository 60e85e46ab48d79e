"""Runs on their way into a store: at once into the spool of this process, from there into the store.

What the spool does not take, on a full disk or in a folder that cannot be written, waits in memory, which is
bounded, and is written into the store without it where that works. What is given up is counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from changeover.replay.program_signals import unbroken
from changeover.settings import SPOOL_BYTES_MAX, SPOOL_FOLDER
from changeover.spool.frame import FrameKind
from changeover.spool.writer import SpoolWriter
from changeover.telemetry.logs import logger

if TYPE_CHECKING:
    from changeover.evidence.store.connection import Connection
    from changeover.evidence.store.place import StorePlace
    from changeover.evidence.store.records import StoredRun

LOCK_WAIT_S = 0.2
WRITTEN_EVERY_S = 1.0
WAITING_MAX = 10_000
WAITING_CHARACTERS_MAX = 32_000_000
RETRY_FIRST_S, RETRY_LAST_S = 1.0, 60.0
CLOSE_WAIT_S = 5.0
PRUNED_EVERY = 20
_log = logger("evidence")


class SpooledRuns:
    """Between a program and its store. `problem` says why the store does not get what there is.

    Args:
        path: Where the store is; None where that cannot be known, which `note` was told.
        describe: What stands in the spool about the process.
        spool_bytes_max: How much the folder of spools may hold.
    """

    def __init__(
        self,
        path: Callable[[], StorePlace | None],
        describe: Callable[[], Mapping[str, Any]],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        spool_bytes_max: int = SPOOL_BYTES_MAX,
    ) -> None:
        self.problem: str | None = None
        self._path, self._describe = path, describe
        self._now, self._monotonic = now, monotonic
        self._bytes_max = spool_bytes_max
        self._spool: SpoolWriter | None = None
        self._next_write = float("-inf")
        self._retry_s = RETRY_FIRST_S
        self._writes = 0
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a forked process nothing waits: what waited is written by its parent."""
        # The first one is entered again by a handler of a signal that passes a seam.
        self._lock, self._writing = threading.RLock(), threading.Lock()
        self._held: list[StoredRun] = []
        self._characters = self.lost = 0
        self._has_unread = False

    def expect(self, number: int) -> None:
        """So many runs will be taken later: from now on they are counted, however this process ends."""
        spool = self._spool_now()
        if spool is not None:
            spool.offer(number)

    def take(self, run: StoredRun, *, expected: bool = False) -> None:
        """Keep it from now on, whatever becomes of this process; of what cannot be kept, count it."""
        from changeover.evidence.store.run_payload import run_payload

        spool = self._spool_now()
        if spool is not None and spool.append(FrameKind.VERDICT, run_payload(run), again=expected):
            self._has_unread = True
            return
        with self._lock:
            if len(self._held) < WAITING_MAX:
                if self._characters + _characters(run) > WAITING_CHARACTERS_MAX:
                    run = replace(run, body=None, tape=None)
                self._characters += _characters(run)
                self._held.append(run)
            elif spool is not None and spool.is_counting:
                spool.settle(given_up=1)
                self._has_unread = True  # of which the store is to be told
            else:
                self.lost += 1
                if spool is not None:
                    spool.settle(elsewhere=1)  # it is counted here

    def _spool_now(self) -> SpoolWriter | None:
        path = self._path()
        if path is None:
            return None
        folder = path.parent / SPOOL_FOLDER
        if self._spool is None or self._spool.folder != folder:
            if self._spool is not None:
                self._spool.close()
            self._spool = SpoolWriter(folder, describe=self._describe, bytes_max=self._bytes_max)
        return self._spool

    @property
    def is_due(self) -> bool:
        """Whether the store is to be tried now."""
        return self._monotonic() >= self._next_write

    @property
    def is_waiting(self) -> bool:
        """Whether there is something that the store has not."""
        return bool(self._has_unread or self._held or self.lost)

    @property
    def _spool_has_all(self) -> bool:
        return not self._held and not self.lost and self._spool is not None and self._spool.is_counting

    @property
    def has_all_on_disk(self) -> bool:
        """Whether nothing is held in memory alone, or lost and not yet counted."""
        with self._lock:
            return not self._held and not self.lost

    @unbroken
    def flush(self) -> None:
        """Write what there is into the store, unless another thread does just now."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            self._flush()
        finally:
            self._writing.release()

    def _flush(self) -> None:
        from changeover.evidence.store.store import StoreProblem

        path = self._path()
        if path is None:
            self._retry_later()
            return
        try:
            self._append_held()
            with self._lock:
                held, lost = list(self._held), self.lost
            if held or lost:
                self._write_held(path, held, lost)
            self._drain(path, None if self._spool is None else self._spool.name)
        except (StoreProblem, OSError) as problem:
            waits = "does not reach the store" if self._spool_has_all else "is not kept"
            self.say(f"evidence {waits}: {problem}")
            self._retry_later()
            return
        if self.problem is not None:
            _log.warning("evidence is kept again")
        self.problem, self._retry_s = None, RETRY_FIRST_S
        self._next_write = self._monotonic() + WRITTEN_EVERY_S

    def _append_held(self) -> None:
        from changeover.evidence.store.run_payload import run_payload

        spool = self._spool_now()
        while spool is not None and self._held:
            if not spool.append(FrameKind.VERDICT, run_payload(self._held[0]), again=True):
                return
            self._has_unread = True
            self._let_go(1)

    def _let_go(self, number: int) -> None:
        with self._lock:
            self._characters -= sum(map(_characters, self._held[:number]))
            del self._held[:number]

    def _write_held(self, path: StorePlace, held: list[StoredRun], lost: int) -> None:
        """What the spool does not take."""
        from changeover.evidence.store.counters import BESIDE, LOST, count_up
        from changeover.evidence.store.tapes import without_known_tapes
        from changeover.evidence.store.writing import add_runs

        spool = self._spool
        name = spool.name if spool is not None and spool.is_counting else None
        with self._transaction(path) as connection:
            add_runs(connection, without_known_tapes(connection, held))
            count_up(connection, LOST, lost)
            if name is not None:  # with the runs, so that no end of the process comes between
                count_up(connection, f"{BESIDE}/{name}", len(held))
        self._let_go(len(held))
        with self._lock:
            self.lost -= lost
        if spool is not None and name is None:
            spool.settle(elsewhere=len(held))

    def _drain(self, path: StorePlace, mine: str | None) -> None:
        """The spool of this process; now and then those of processes that have ended as well."""
        from changeover.evidence.store.draining import drain
        from changeover.evidence.store.store import spool_folder

        folder = spool_folder(path)
        with_others = self._writes % PRUNED_EVERY == 0
        self._has_unread = False
        try:
            drained = drain(
                folder,
                lambda: self._transaction(path),
                lambda name: name == mine or (with_others and not folder.is_alive(name)),
            )
        except BaseException:
            self._has_unread = True
            raise
        if mine is not None and mine not in drained:  # another reader has it, and may die with it
            self._has_unread = True

    @contextmanager
    def _transaction(self, path: StorePlace) -> Iterator[Connection]:
        from changeover.evidence.store.maintenance import prune, usual_limits
        from changeover.evidence.store.store import writing

        with writing(path, LOCK_WAIT_S) as connection:
            yield connection
            if self._writes % PRUNED_EVERY == 0:
                prune(connection, usual_limits(self._now()))
        self._writes += 1

    def close(self) -> None:
        """Write what there is; this process is done. What the store does not take stays in the spool."""
        if not self._writing.acquire(timeout=CLOSE_WAIT_S):  # a thread that writes just now, and does not end
            self._leave_spool()
            return
        try:
            if self.is_waiting:
                self._flush()
            name = self._leave_spool()
            if name is not None and self.problem is None:
                self._drain_last(name)
        finally:
            self._writing.release()

    def _drain_last(self, name: str) -> None:
        from changeover.evidence.store.store import StoreProblem

        path = self._path()
        with suppress(StoreProblem, OSError):
            if path is not None:
                self._drain(path, name)

    def _leave_spool(self) -> str | None:
        """Say what becomes of what the spool did not take; gives the name of the spool that was left."""
        with self._lock:
            spool, given_up = self._spool, len(self._held)
            self._held, self._characters = [], 0
            is_counted = spool is not None and spool.is_counting
            self.lost += 0 if is_counted else given_up
            if given_up or self.lost:
                number = given_up if is_counted else self.lost
                _log.warning("%d runs are lost as evidence: %s", number, self.problem, runs=number)
        self._note_lost()
        if spool is None:
            return None
        spool.settle(given_up=given_up)
        name = spool.name
        spool.close()
        return name

    def _note_lost(self) -> None:
        """Neither spool nor store took them to the end: they are counted beside the store."""
        from changeover.evidence.store.store import note_lost

        path = self._path() if self.lost else None
        if path is not None and note_lost(path, self.lost, self.problem or "", self._now()):
            self.lost = 0

    def _retry_later(self) -> None:
        self._next_write = self._monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_LAST_S)

    def say(self, problem: str) -> None:
        """A sentence, which is logged where it is another one than the latest."""
        if problem != self.problem:
            self.problem = problem
            _log.warning("%s", problem)


def _characters(run: StoredRun) -> int:
    """How much of it is worth dropping when memory is short."""
    return len(run.body or "") + len(run.tape or b"")
