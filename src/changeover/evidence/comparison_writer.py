"""Keeps one comparison over a source, while it runs and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from changeover.evidence.store.maintenance import prune, usual_limits
from changeover.evidence.store.records import StoredComparison, StoredRun
from changeover.evidence.store.schema import Connection
from changeover.evidence.store.store import NOWHERE, StoreProblem, writing
from changeover.evidence.store.writing import RedactData, add_corpus, add_runs, end_corpus, renew_runs

BODIES_KEPT_MAX = 5_000
WRITTEN_TOGETHER = 200


class ComparisonWriter:
    """Begin, keep, end; `problem` says why nothing is kept any more, None while all is well.

    The runs of a comparison are its own; with `renews` they are runs in production that are there already.
    `redact` takes secrets out of what is written about the comparison itself.
    """

    def __init__(
        self,
        path: Path,
        warn: Callable[[str], None],
        *,
        renews: bool = False,
        redact: RedactData = lambda data: data,
    ) -> None:
        self.path = path
        self.problem: str | None = "nothing is kept" if path == NOWHERE else None
        self._warn = warn
        self._renews = renews
        self._redact = redact
        self._number: int | None = None
        self._waiting: list[StoredRun] = []
        self._bodies = 0

    def begin(self, comparison: StoredComparison) -> None:
        """A comparison begins; what is beyond the limits of the store is forgotten."""

        def add(connection: Connection) -> None:
            self._number = add_corpus(connection, comparison, self._redact)
            prune(connection, usual_limits(comparison.at))

        self._write(add)

    @property
    def takes_bodies(self) -> bool:
        """Whether more runs can be kept whole; of the others only the verdict is kept."""
        return self._bodies < BODIES_KEPT_MAX

    def keep(self, run: StoredRun) -> None:
        """One run; written together with others, so that the file is never locked for long."""
        self._bodies += run.body is not None
        self._waiting.append(run)
        if len(self._waiting) >= WRITTEN_TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; also where the comparison ends before its time."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._renews:
            self._write(lambda connection: renew_runs(connection, waiting))
        else:
            runs = [replace(run, corpus=self._number) for run in waiting]
            self._write(lambda connection: add_runs(connection, runs))

    def end(self, comparison: StoredComparison) -> None:
        """The comparison is over, `whole` or stopped early: its clusters, and what its screen showed."""
        self.flush()
        if self._number is not None:
            numbered = replace(comparison, number=self._number)
            self._write(lambda connection: end_corpus(connection, numbered, self._redact))

    def _write(self, statements: Callable[[Connection], None]) -> None:
        if self.problem is not None:
            return
        try:
            with writing(self.path) as connection:
                statements(connection)
        except StoreProblem as problem:
            self.problem = f"{self.path}: runs are not kept: {problem.why}"
            self._warn(self.problem)
