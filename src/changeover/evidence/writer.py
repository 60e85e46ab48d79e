"""Keeps the compared runs of a running program as evidence, and never lets it feel how the store is.

A run is appended to the spool of the process at once, so that it is kept however the process ends. From there
a thread writes it into the store, within a second, as does any command that reads evidence. No caller waits
for the store. The store and what fills it are imported when there is a run to keep.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from changeover.errors import ConfigurationError
from changeover.evidence.flush_thread import FlushThread
from changeover.evidence.process_end import WRITERS
from changeover.record.codec import Codec
from changeover.record.run import NotPaired, Run, Sink
from changeover.replay.program_signals import ProgramSignals
from changeover.rollout.programs import note_program
from changeover.rollout.test_override import ACTIVE
from changeover.settings import spool_bytes_of
from changeover.telemetry.logs import logger

if TYPE_CHECKING:
    from changeover.evidence.code_digest import Judged
    from changeover.evidence.spooled_runs import SpooledRuns
    from changeover.evidence.store.place import StorePlace
    from changeover.evidence.store.records import StoredRun
    from changeover.evidence.store.tapes import Tapes

SAMPLED_EVERY = 100
_log = logger("evidence")


class EvidenceWriter:
    """A sink: first the evidence, then `sink`. `problems` says why nothing is kept, or why it does not count.

    `root` is the folder of the project; CHANGEOVER_STORE in the environment wins. `judged` and `redact` are
    asked when the first run comes. `writes_alone` says that a thread writes what no further run writes.
    Runs of tests are not kept, nor those that were not meant to be compared.
    `alarm` is told of problems when they change. `taken_by` gets the evidence in place of the spool, where
    somebody writes it with something else, all or nothing.
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
        self.alarm: Callable[[str], None] | None = None
        self.taken_by: Callable[[StoredRun], None] | None = None
        self._root, self._codec, self._sink = root, codec, sink
        self._directory, self._writes_alone = directory, writes_alone
        self._environment = os.environ if environment is None else environment
        self._ask_judged, self._ask_redact = judged, redact
        self._judged: Judged | None = None
        self._redact: Callable[[Run], Run] | None = None
        self._tapes: Tapes | None = None
        self._now = now
        self._seen: Counter[str] = Counter()
        self._last_problems: tuple[str, ...] = ()
        self._handing_on = threading.local()
        self._monotonic = monotonic
        self._made: SpooledRuns | None = None
        self._store: StorePlace | None = None
        self._is_noted = False
        self.begin_anew()
        WRITERS.add(self)

    def begin_anew(self) -> None:
        """In a forked process nothing waits: what waited is written by its parent."""
        self._lock = threading.RLock()
        if self._made is not None:
            self._made.begin_anew()
        self._thread: FlushThread | None = None

    @property
    def _runs(self) -> SpooledRuns:
        from changeover.evidence.spooled_runs import SpooledRuns

        with self._lock:
            if self._made is None:
                most, problem = spool_bytes_of(self._environment)
                if problem is not None:
                    _log.warning("%s", problem)
                self._made = SpooledRuns(self._path, self._described, self._now, self._monotonic, most)
            return self._made

    @property
    def problems(self) -> tuple[str, ...]:
        """Empty where all is well."""
        kept = () if self._made is None or self._made.problem is None else (self._made.problem,)
        wrong = None if self._judged is None else self._judged.problem
        return kept if wrong is None else (*kept, f"evidence: {wrong}")

    def __call__(self, run: Run) -> None:
        """Keep one run and hand it on; where the one fails, the other is done all the same."""
        try:
            self._keep(run)
            self._tell_problems()
        finally:
            if self._sink is not None:
                self._sink(run)

    def expect(self) -> bool:
        """A run waits to be compared: it is counted from now on, however the process ends.

        False where it is none that is kept. Raises nothing but what interrupts the program.
        """
        try:
            if not self._is_kept():
                return False
            self._runs.expect(1)
        except Exception as error:  # noqa: BLE001  the caller is a program that serves
            self._runs.say(f"evidence: a run that waits could not be counted: {error}")
            return False
        return True

    def no_longer_expect(self) -> None:
        """The run does not wait after all, and is taken like any other."""
        self._runs.expect(-1)

    @contextmanager
    def expected(self) -> Iterator[None]:
        """In this block, the run that is handed on in this thread is one that was expected."""
        self._handing_on.expected = True
        try:
            yield
        finally:
            self._handing_on.expected = False

    def _tell_problems(self) -> None:
        problems = self.problems
        if problems != self._last_problems:
            self._last_problems = problems
            if self.alarm is not None and problems:
                self.alarm("; ".join(problems))

    def _keep(self, run: Run) -> None:
        expected = getattr(self._handing_on, "expected", False)
        is_tested = run.population != "production" or run.not_paired is NotPaired.SAMPLED_OUT
        if not expected and (is_tested or not self._is_kept()):
            return
        self._handing_on.expected = False
        try:
            row = self.row_of(run)
        except BaseException:
            self._runs.lost += 1
            if expected:
                self._runs.expect(-1)  # it is counted there
            raise
        if self.taken_by is not None:
            self.taken_by(row)
            return
        self._runs.take(row, expected=expected)
        self._note_program()
        if self._writes_alone:
            with self._lock:
                self._thread = self._thread or FlushThread(self._flush_if_due, self._is_waiting)
            if self._thread.thread is None:
                self._thread.ensure()
        elif self._runs.is_due:
            self.flush()

    @property
    def has_all_on_disk(self) -> bool:
        """Whether everything that came outlives this process, in the store or on its way there."""
        return self._runs.has_all_on_disk

    def _is_kept(self) -> bool:
        from changeover.evidence.store.store import NOWHERE

        return ACTIVE.override is None and self._path() != NOWHERE

    def _is_waiting(self) -> bool:
        return self._runs.is_waiting

    def _flush_if_due(self) -> None:
        if self._runs.is_due:
            self.flush()

    def _note_program(self) -> None:
        """Commands that stop programs say which folder these read, from the first run on."""
        path = None if self._is_noted or self._directory is None else self._path()
        if path is not None and self._directory is not None:
            self._is_noted = True
            note_program(path.parent, self._directory, self._now())

    def _described(self) -> Mapping[str, Any]:
        return {} if self._judged is None else {"code": self._judged.code}

    def _path(self) -> StorePlace | None:
        """Asked once; None where it is wrong, which is a problem like any other."""
        from changeover.evidence.store.store import store_path

        if self._store is None:
            try:
                self._store = store_path(self._root, self._environment)
            except ConfigurationError as error:
                self._runs.say(f"evidence is not kept: {error}")
        return self._store

    def row_of(self, run: Run) -> StoredRun:
        """What is kept of a run, without its secrets."""
        from changeover.evidence.store.rows_of_runs import (
            SAMPLE_KEPT_WHOLE,
            WHOLE,
            production_name,
            stored_run,
        )

        judged, tapes = self._asked()
        now, elsewhere = self._now(), run.elsewhere
        at = now if elsewhere is None else elsewhere.at
        with self._lock:
            self._seen[run.seam] += 1
            seen = self._seen[run.seam]
        whole = run.verdict in WHOLE or seen <= SAMPLE_KEPT_WHOLE or seen % SAMPLED_EVERY == 0
        fit = run if self._redact is None else self._redact(run)
        row = stored_run(fit, production_name(run, at), at, judged.code, judged.rules, body=whole)
        if elsewhere is not None and elsewhere.is_renewed:
            row = replace(row, renewed_at=now)
        tape = tapes.packed(fit, row)
        return row if tape is None else replace(row, tape=tape)

    def _asked(self) -> tuple[Judged, Tapes]:
        """What the runs are judged by, and which tapes are kept: asked once."""
        from changeover.evidence.store.tapes import Tapes

        with self._lock:
            if self._judged is None or self._tapes is None:
                self._redact = None if self._ask_redact is None else self._ask_redact()
                self._judged = self._ask_judged()
                self._tapes = Tapes(self._codec, self._judged.answering)
                if self._judged.problem is not None:
                    _log.warning("evidence: %s", self._judged.problem)
            return self._judged, self._tapes

    def flush(self) -> None:
        """Write what waits, unless another thread does; raises only what interrupts the program."""
        if self._made is not None:
            with ProgramSignals():
                self._made.flush()
            self._tell_problems()

    def close(self) -> None:
        """Write what waits; what the store does not take stays in the spool, for whoever reads it next."""
        if self._made is not None:
            self._made.close()
