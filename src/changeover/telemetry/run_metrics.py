"""Counts runs and own times in the metrics of a registry, as they are handed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.record.run import Run
from changeover.telemetry.metric_table import OTHER_SEAMS, OWN_TIME, RUNS, SEAMS_MAX
from changeover.telemetry.prometheus import made
from changeover.values.observation import Side


class SeamNames:
    """The names of seams as a label has them; beyond `SEAMS_MAX` they are others."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def label(self, seam: str) -> str:
        """The name itself for the first ones."""
        if seam not in self._known:
            if len(self._known) >= SEAMS_MAX:
                return OTHER_SEAMS
            self._known.add(seam)
        return seam


class RunMetrics:
    """A sink of runs. What a label set leads to is looked up once."""

    def __init__(self, registry: Any, names: SeamNames) -> None:
        self._names = names
        self._runs, self._own_time = made(RUNS, registry), made(OWN_TIME, registry)
        self._count_of: dict[tuple[str, str, str], Callable[[], None]] = {}
        self._observe_of: dict[tuple[str, Side], Callable[[float], None]] = {}

    def __call__(self, run: Run) -> None:
        """Count it, and the own time of each path that was seen where both were."""
        key = run.seam, run.verdict, run.setting.stage
        count = self._count_of.get(key)
        if count is None:
            count = self._runs.labels(self._names.label(run.seam), *map(str, key[1:])).inc
            self._count_of[key] = count
        count()
        if run.legacy is not None and run.candidate is not None:
            self._observe(run.seam, Side.LEGACY, run.legacy.own_time_s)
            self._observe(run.seam, Side.CANDIDATE, run.candidate.own_time_s)

    def _observe(self, seam: str, side: Side, seconds: float) -> None:
        observe = self._observe_of.get((seam, side))
        if observe is None:
            observe = self._own_time.labels(self._names.label(seam), str(side)).observe
            self._observe_of[seam, side] = observe
        observe(seconds)
