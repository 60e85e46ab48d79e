"""What a worker says of itself to Prometheus: the runs that it judged, and what its pulse counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from changeover.operate.worker import Worker
from changeover.seam.runtime import Runtime
from changeover.telemetry.metric_table import LOST_BEFORE_REPLAY, REPLAY_FAILED, REPLAYED
from changeover.telemetry.prometheus import Sample, SamplesCollector, new_registry
from changeover.telemetry.run_metrics import RunMetrics, SeamNames


def worker_registry(worker: Worker, runtime: Runtime) -> Any:
    """A registry of its own, whatever the app exposes; raises MissingPackageError."""
    registry = new_registry()
    runtime.measured = (*runtime.measured, RunMetrics(registry, SeamNames()))
    registry.register(SamplesCollector(_Counted(worker), (REPLAYED, REPLAY_FAILED, LOST_BEFORE_REPLAY)))
    return registry


class _Counted:
    """The counts of the pulse. A counter never goes down, though another worker may have had a run first."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._most = (0, 0, 0)

    def __call__(self) -> Iterator[Sample]:
        pulse = self._worker.pulse
        replayed, failed, dropped = self._most
        self._most = (
            max(replayed, pulse.replayed),
            max(failed, pulse.failed),
            max(dropped, pulse.dropped),
        )
        for metric, number in zip((REPLAYED, REPLAY_FAILED, LOST_BEFORE_REPLAY), self._most, strict=True):
            yield Sample(metric, (), float(number))
