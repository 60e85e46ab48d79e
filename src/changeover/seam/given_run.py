"""A run that is handed on once, and once more where work that a path left behind acts after all.

What is told of late work may outlive the run by far. So nothing here leads to the recording of it, which is
given free as soon as the run is judged.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from changeover.record.run import Run
from changeover.replay.replayed_work import STILL_RUNNING
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.seam.runtime import Runtime

AMENDED = frozenset({Verdict.MATCH, Verdict.TOLERATED, Verdict.VACUOUS, Verdict.WAIVED})


class GivenRun:
    """Gives a run to its runtime, amended where late work has acted by then, or acts later."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._given: Run | None = None
        self._late: str | None = None
        self._lock = Lock()

    def hand_on(self, run: Run) -> None:
        """Give the run away, amended where late work has acted meanwhile."""
        with self._lock:
            self._given = run = self._amended(run)
        self._runtime.hand_on(run)

    def _amended(self, run: Run) -> Run:
        if self._late is None or run.verdict not in AMENDED:
            return run  # what differs, differs
        return replace(run, verdict=Verdict.FAILED, reason=self._late, divergences=(), judgement=None)

    def amend(self, work: str, method: str) -> None:
        """Work that a path left behind acts after all."""
        with self._lock:
            if self._late is not None:
                return
            self._late, given = f"{STILL_RUNNING}: {work} called {method}", self._given
            if given is None:
                return
            amended = self._given = self._amended(given)
        if amended is not given:
            self._runtime.amend(amended, given)
