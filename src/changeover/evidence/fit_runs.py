"""Copies of runs that are fit to be shown, each made once while its case is looked at."""

from __future__ import annotations

from collections.abc import Callable

from changeover.values.run import Run


class FitRuns:
    """Call it with a run; `forget` when the next case begins, as runs are large."""

    def __init__(self, redact: Callable[[Run], Run]) -> None:
        self._redact = redact
        self._made: dict[int, tuple[Run, Run]] = {}

    def __call__(self, run: Run) -> Run:
        """The copy, or the run itself where there is nothing to hide."""
        found = self._made.get(id(run))
        if found is None:
            found = self._made[id(run)] = (run, self._redact(run))
        return found[1]

    def forget(self) -> None:
        """The case is over."""
        self._made.clear()
