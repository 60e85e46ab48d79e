"""Keeps the compared runs of a running program as evidence, and never lets it feel how the store is.

A run that comes alone is written at once; of many in a row those of up to a second are written together, by a
thread where no further run comes: a process that is killed loses a second at most. The caller waits for a
locked store at most `LOCK_WAIT_S`; after that nothing is tried for a while, which grows, and what waits in
memory is bounded. What could not be kept is counted, and the count is kept once that works.
The store and what fills it are imported when there is a run to keep.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError
from changeover.evidence.flush_thread import FlushThread
from changeover.evidence.process_end import WRITERS
from changeover.record.codec import Codec
from changeover.record.run import NotPaired, Run, Sink
from changeover.replay.program_signals import ProgramSignals, unbroken
from changeover.rollout.programs import note_program
from changeover.rollout.test_override import ACTIVE
from changeover.telemetry.logs import logger

if TYPE_CHECKING:
    from changeover.evidence.code_digest import Judged
    from changeover.evidence.store.records import StoredRun
    from changeover.evidence.store.writing import Tapes

LOCK_WAIT_S = 0.2
WRITTEN_EVERY_S = 1.0
WRITTEN_TOGETHER = 200
WAITING_MAX = 10_000
WAITING_CHARACTERS_MAX = 32_000_000
RETRY_FIRST_S, RETRY_LAST_S = 1.0, 60.0
CLOSE_WAIT_S = 5.0
PRUNED_EVERY = 20
SAMPLED_EVERY = 100
_log = logger("evidence")


class EvidenceWriter:
    """A sink: first the evidence, then `sink`. `problems` says why nothing is kept, or why it does not count.

    `root` is the folder of the project; CHANGEOVER_STORE in the environment wins. `judged` and `redact` are
    asked when the first run comes. `writes_alone` says that a thread writes what no further run writes.
    Runs of tests are not kept, nor those that were not meant to be compared.
    `alarm` is told of problems when they change.
    """

    def __init__(
        self,
        root: Path,
        codec: Codec,
        *,
        judged: Callable[[], Judged],
        redact: Callable[[], Callable[[Run], Run]] | None = None,
        environment: Mapping[str, str] | None = None,
        sink: Sink | None = None,
        directory: Path | None = None,
        writes_alone: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lost = 0
        self.alarm: Callable[[str], None] | None = None
        self._root, self._codec, self._sink = root, codec, sink
        self._directory, self._writes_alone = directory, writes_alone
        self._environment = os.environ if environment is None else environment
        self._ask_judged, self._ask_redact = judged, redact
        self._judged: Judged | None = None
        self._redact: Callable[[Run], Run] | None = None
        self._tapes: Tapes | None = None
        self._now, self._monotonic = now, monotonic
        self._seen: Counter[str] = Counter()
        self._problem: str | None = None
        self._last_problems: tuple[str, ...] = ()
        self._next_write = float("-inf")
        self._retry_s = RETRY_FIRST_S
        self._writes = 0
        self.begin_anew()
        WRITERS.add(self)

    def begin_anew(self) -> None:
        """In a forked process nothing waits: what waited is written by its parent."""
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[StoredRun] = []
        self._characters = self.lost = 0
        self._thread: FlushThread | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Empty where all is well."""
        kept = () if self._problem is None else (f"evidence is not kept: {self._problem}",)
        wrong = None if self._judged is None else self._judged.problem
        return kept if wrong is None else (*kept, f"evidence: {wrong}")

    def __call__(self, run: Run) -> None:
        """Keep one run and hand it on; where the one fails, the other is done all the same."""
        try:
            self._keep(run)
            problems = self.problems
            if problems != self._last_problems:
                self._last_problems = problems
                if self.alarm is not None and problems:
                    self.alarm("; ".join(problems))
        finally:
            if self._sink is not None:
                self._sink(run)

    def _keep(self, run: Run) -> None:
        from changeover.evidence.store.store import NOWHERE

        is_tested = ACTIVE.override is not None or run.population != "production"
        if is_tested or run.not_paired is NotPaired.SAMPLED_OUT or self._path() == NOWHERE:
            return
        try:
            row = self._row(run)
        except BaseException:
            self.lost += 1
            raise
        self._take(row)
        if self._is_due():
            self.flush()
        elif self._writes_alone:
            with self._lock:
                self._thread = self._thread or FlushThread(self.flush, self._is_waiting)
            self._thread.ensure()

    def _is_waiting(self) -> bool:
        return bool(self._waiting or self.lost) and (self._problem is None or self._is_due())

    def _path(self) -> Path | None:
        """None where it is wrong, which is a problem like any other."""
        from changeover.evidence.store.store import store_path

        try:
            return store_path(self._root, self._environment)
        except ConfigurationError as error:
            self._say(str(error))
            return None

    def _row(self, run: Run) -> StoredRun:
        from changeover.evidence.store.rows_of_runs import (
            SAMPLE_KEPT_WHOLE,
            WHOLE,
            production_name,
            stored_run,
        )

        judged, tapes = self._asked()
        at = self._now()
        with self._lock:
            self._seen[run.seam] += 1
            seen = self._seen[run.seam]
        whole = run.verdict in WHOLE or seen <= SAMPLE_KEPT_WHOLE or seen % SAMPLED_EVERY == 0
        fit = run if self._redact is None else self._redact(run)
        row = stored_run(fit, production_name(run, at), at, judged.code, judged.rules, body=whole)
        tape = tapes.packed(fit, row)
        return row if tape is None else replace(row, tape=tape)

    def _asked(self) -> tuple[Judged, Tapes]:
        """What the runs are judged by, and which tapes are kept: asked once."""
        from changeover.evidence.store.writing import Tapes

        with self._lock:
            if self._judged is None or self._tapes is None:
                self._redact = None if self._ask_redact is None else self._ask_redact()
                self._judged = self._ask_judged()
                self._tapes = Tapes(self._codec, self._judged.answering)
                if self._judged.problem is not None:
                    _log.warning("evidence: %s", self._judged.problem)
            return self._judged, self._tapes

    def _take(self, row: StoredRun) -> None:
        with self._lock:
            if len(self._waiting) >= WAITING_MAX:
                self.lost += 1
                return
            if self._characters + _characters(row) > WAITING_CHARACTERS_MAX:
                row = replace(row, body=None, tape=None)
            self._characters += _characters(row)
            self._waiting.append(row)

    def _is_due(self) -> bool:
        if self._monotonic() >= self._next_write:
            return True
        return self._problem is None and len(self._waiting) >= WRITTEN_TOGETHER

    def flush(self) -> None:
        """Write what waits, unless another thread does; raises only what interrupts the program."""
        with ProgramSignals():
            self._flush()

    @unbroken
    def _flush(self) -> None:
        if not self._writing.acquire(blocking=False):
            return
        try:
            with self._lock:
                waiting, self._waiting = self._waiting, []
                characters, self._characters = self._characters, 0
                lost, self.lost = self.lost, 0
            is_written = not waiting and not lost
            try:
                is_written = is_written or self._write(waiting, lost)
            finally:
                if not is_written:
                    with self._lock:
                        self.lost += lost
                        self._waiting[:0] = waiting
                        self._characters += characters
        finally:
            self._writing.release()

    def close(self) -> None:
        """Write what waits; what cannot be written even now is lost."""
        if self._writing.acquire(timeout=CLOSE_WAIT_S):  # the thread may be writing just now
            self._writing.release()
        self.flush()
        with self._lock:
            self.lost += len(self._waiting)
            self._waiting, self._characters = [], 0
            if self.lost:
                _log.warning("%d runs are lost as evidence: %s", self.lost, self._problem, runs=self.lost)
                self._note_lost()

    def _note_lost(self) -> None:
        """The store did not take them to the end: what it cannot count stands beside it."""
        from changeover.evidence.store.store import note_lost

        path = self._path()
        if path is not None and note_lost(path, self.lost, self._problem or "", self._now()):
            self.lost = 0

    def _write(self, runs: list[StoredRun], lost: int) -> bool:
        from changeover.evidence.store.maintenance import prune, usual_limits
        from changeover.evidence.store.store import StoreProblem, writing
        from changeover.evidence.store.writing import LOST, add_runs, count_up, without_known_tapes

        path = self._path()
        try:
            if path is None:
                self._retry_later()
                return False
            with writing(path, LOCK_WAIT_S) as connection:
                add_runs(connection, without_known_tapes(connection, runs))
                count_up(connection, LOST, lost)
                if self._writes % PRUNED_EVERY == 0:
                    prune(connection, usual_limits(self._now()))
        except StoreProblem as problem:
            self._say(str(problem))
            self._retry_later()
            return False
        if self._directory is not None and not self._writes:
            note_program(path.parent, self._directory, self._now())
        self._writes += 1
        if self._problem is not None:
            _log.warning("evidence is kept again; %d runs were lost", lost, runs=lost)
        self._problem, self._retry_s = None, RETRY_FIRST_S
        self._next_write = self._monotonic() + WRITTEN_EVERY_S
        return True

    def _retry_later(self) -> None:
        self._next_write = self._monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_LAST_S)

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            _log.warning("evidence is not kept: %s", problem)


def _characters(row: StoredRun) -> int:
    """How much of it is worth dropping when memory is short."""
    return len(row.body or "") + len(row.tape or b"")
