"""What a program says of itself beside its runs: stages, what waits, what was recorded.

Nothing of it is counted where a caller waits. It is read when somebody scrapes; where the values of several
processes are joined (multiprocess mode of prometheus_client), by a thread every `REFRESH_S`.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import field
from typing import Any
from weakref import WeakMethod, WeakSet

from changeover.quick_dataclass import dataclass
from changeover.record.context import outside_of_runs, permitted
from changeover.telemetry.logs import logger
from changeover.telemetry.metric_table import (
    BACKGROUND_DROPPED,
    FLAGS_REVISION,
    IN_BACKGROUND,
    KILLED,
    PHASE_RAMP,
    PHASE_STAGE,
    PROBLEMS,
    RECORDED,
)
from changeover.telemetry.prometheus import BeforeScrape, Sample, in_several_processes, made
from changeover.telemetry.run_metrics import SeamNames
from changeover.values.stage import Setting, Stage, Stages

REFRESH_S = 5.0
_log = logger("metrics")


@dataclass(frozen=True, slots=True)
class StagesNow:
    """The stages of all phases, as flags and kill switch have them."""

    stages: Stages
    settings: Mapping[str, Setting]
    killed: bool = False
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class ProgramNow:
    """A program at one moment; `recorded` counts runs by seam and by what became of them."""

    stages: StagesNow
    problems: int = 0
    waiting: int = 0
    dropped: int = 0
    recorded: Mapping[tuple[str, str], int] = field(default_factory=dict)


def stage_samples(now: StagesNow) -> list[Sample]:
    """The metrics of all phases."""
    found = [
        Sample(KILLED, (), float(now.killed)),
        Sample(FLAGS_REVISION, (), float(now.revision or 0)),
    ]
    for phase, allowed in now.stages.items():
        setting = now.settings.get(phase, Setting(allowed[0]))
        found += [Sample(PHASE_STAGE, (phase, str(one)), float(one is setting.stage)) for one in allowed]
        found.append(Sample(PHASE_RAMP, (phase,), _share(setting)))
    return found


def _share(setting: Setting) -> float:
    """How much the candidate answers."""
    if setting.stage is Stage.RAMP:
        return setting.percent / 100
    return float(setting.stage in (Stage.LIVE, Stage.COMPLETE, Stage.DONE))


class ProgramMetrics:
    """Keeps the metrics of one program in a registry up to date.

    `look` gives what there is to say. Raises ValueError where the registry has these metrics already.
    """

    def __init__(self, registry: Any, names: SeamNames, look: Callable[[], ProgramNow]) -> None:
        self._look, self._names = look, names
        self._several = in_several_processes()
        self._refreshing = threading.Lock()
        self._told: Counter[Any] = Counter()
        if not self._several:  # before the others: a registry asks in the order of registration
            registry.register(BeforeScrape(self.refresh))
        stages = (PHASE_STAGE, PHASE_RAMP, KILLED, FLAGS_REVISION)
        shown = (*stages, RECORDED, IN_BACKGROUND, BACKGROUND_DROPPED, PROBLEMS)
        self._made = {metric.name: made(metric, registry) for metric in shown}
        _all.add(self)
        if self._several:
            self._refresh_in_a_thread()

    def refresh(self) -> None:
        """Read once what there is to say; never raises."""
        try:
            now = outside_of_runs().run(self._look)
            with self._refreshing:
                self._tell(now)
        except Exception as error:  # noqa: BLE001  no scrape may fail by what a program is in
            _log.warning("metrics could not be read: %s", type(error).__name__)

    def _tell(self, now: ProgramNow) -> None:
        gauges = [
            *stage_samples(now.stages),
            Sample(IN_BACKGROUND, (), float(now.waiting)),
            Sample(PROBLEMS, (), float(now.problems)),
        ]
        for metric, labels, value in gauges:
            self._child(metric.name, labels).set(value)
        self._count((BACKGROUND_DROPPED.name,), now.dropped)
        for (seam, outcome), number in now.recorded.items():
            self._count((RECORDED.name, seam, outcome), number)

    def _count(self, key: tuple[str, ...], number: int) -> None:
        """A counter goes by what has come since the last look."""
        more = number - self._told[key]
        if more > 0:
            self._told[key] = number
            name, *labels = key
            if labels:
                labels[0] = self._names.label(labels[0])
            self._child(name, tuple(labels)).inc(more)

    def _child(self, name: str, labels: tuple[str, ...]) -> Any:
        found = self._made[name]
        return found.labels(*labels) if labels else found

    def begin_anew(self) -> None:
        """In a forked process: what was counted before is the parent's."""
        self._refreshing = threading.Lock()
        now = self._look()
        self._told = Counter({(BACKGROUND_DROPPED.name,): 0})
        self._told.update({(RECORDED.name, *key): number for key, number in now.recorded.items()})
        if self._several:
            self._refresh_in_a_thread()

    def _refresh_in_a_thread(self) -> None:
        thread = threading.Thread(
            target=Context().run,
            args=(_refresh_again, WeakMethod(self.refresh)),
            name="changeover-metrics",
            daemon=True,
        )
        with permitted():
            try:
                thread.start()
            except RuntimeError:  # the interpreter ends
                return


def _refresh_again(refresh: WeakMethod[Callable[[], None]]) -> None:
    pause = threading.Event()
    while True:
        found = refresh()
        if found is None:
            return
        found()
        del found
        pause.wait(REFRESH_S)


_all: WeakSet[ProgramMetrics] = WeakSet()


def _begin_anew() -> None:
    for one in list(_all):
        one.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
