"""What a project says to Prometheus: stages, gates, kept runs and what waits for a worker, from its files."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from changeover.api.status import distinct_in_production
from changeover.errors import ChangeoverError
from changeover.gate.collect import collect
from changeover.gate.decision import decide
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.project import Project, open_project
from changeover.rollout.plan_file import Phase
from changeover.rollout.resolver import Resolver
from changeover.telemetry import metric_table as table
from changeover.telemetry.logs import logger
from changeover.telemetry.metric_table import METRICS, GivenBy
from changeover.telemetry.program_metrics import StagesNow, stage_samples
from changeover.telemetry.prometheus import Sample, SamplesCollector, text_of
from changeover.values.gate_verdict import Answer
from changeover.values.stage import Stage

AGE_MAX_S = 15.0
_log = logger("metrics")


def metrics_text(project: str | Path | Project = ".") -> str:
    """Everything that a project says, in the text format of Prometheus; no app is imported, no check runs.

    Args:
        project: a folder of the project, or the project.

    Raises:
        MissingPackageError: prometheus_client is not installed.
        ConfigurationError: there is no project.
    """
    return text_of(ProjectMetrics(open_project(project)).samples())


class ProjectMetrics:
    """What a project says, read again when older than `age_max_s`: a scrape must not cost a store much."""

    def __init__(
        self,
        project: Project,
        age_max_s: float = AGE_MAX_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._project, self._age_max_s, self._monotonic = project, age_max_s, monotonic
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._samples: tuple[Sample, ...] = ()

    def register(self, registry: Any) -> None:
        """Let a registry of prometheus_client ask at each scrape."""
        given = [metric for metric in METRICS if GivenBy.PROJECT in metric.given_by]
        registry.register(SamplesCollector(self.samples, given))

    def samples(self) -> tuple[Sample, ...]:
        """All of it; where the project cannot be read, that alone. Never raises."""
        with self._lock:
            if self._monotonic() - self._read_at >= self._age_max_s:
                self._samples = self._read()
                self._read_at = self._monotonic()
            return self._samples

    def _read(self) -> tuple[Sample, ...]:
        try:
            return tuple(project_samples(self._project))
        except ChangeoverError as error:
            _log.warning("metrics of the project could not be read: %s", error)
        except Exception as error:  # noqa: BLE001  a scrape is answered whatever is wrong with a store
            _log.warning("metrics of the project could not be read: %s", type(error).__name__)
        return (Sample(table.READABLE, (), 0.0),)


def project_samples(project: Project) -> Iterator[Sample]:
    """Read files and store once; raises ConfigurationError for a missing or a wrong plan."""
    state = read_project_state(project)
    stages = state.plan.stages
    resolution = Resolver(lambda: stages, directory=project.directory, closed=True).current()
    is_good = state.evidence.problem is None and not state.problems.flags
    yield Sample(table.READABLE, (), float(is_good))
    yield from stage_samples(StagesNow(stages, resolution.settings, state.killed, state.revision))
    yield from _recorded(state)
    yield Sample(table.LOST, (), float(state.evidence.lost))
    for phase in state.plan.phases.values():
        if phase.seams:
            yield from _kept(state, phase)
        if state.settings[phase.name].stage not in (Stage.COMPLETE, Stage.DONE):
            yield from _gate(project, state, phase)


def _recorded(state: ProjectState) -> Iterator[Sample]:
    """What waits for a worker; nothing where no program records for one."""
    watch = state.watch
    if watch is None:
        return
    seen = watch.seen_at
    yield Sample(table.WAITING, (), float(watch.waiting or 0))
    yield Sample(table.LAG, (), watch.lag_s(state.now))
    yield Sample(table.WORKER_SEEN, (), 0.0 if seen is None else seen.timestamp())
    yield Sample(table.UNWATCHED, (), float(state.unwatched is not None))
    yield Sample(table.HANDLED, ("replayed",), float(watch.replayed))
    yield Sample(table.HANDLED, ("dropped",), float(watch.dropped))


def _kept(state: ProjectState, phase: Phase) -> Iterator[Sample]:
    groups = state.in_production(phase)
    runs: Counter[tuple[str, ...]] = Counter()
    for one in groups:
        stage = "unknown" if one.setting is None else str(one.setting.stage)
        runs[one.seam, str(one.verdict), stage] += one.runs
    for labels, number in sorted(runs.items()):
        yield Sample(table.KEPT, labels, float(number))
    yield Sample(table.KEPT_DAYS, (phase.name,), float(len({one.day for one in groups})))
    yield Sample(table.DISTINCT, (phase.name,), float(distinct_in_production(state, phase)))
    unsafe = {digest for one in groups for digest in one.unsafe}
    differing = {digest for one in groups for digest in one.clusters}
    counted = unsafe | {digest for digest in differing if not state.is_waived(digest)}
    yield Sample(table.CLUSTERS, (phase.name,), float(len(counted)))


def _gate(project: Project, state: ProjectState, phase: Phase) -> Iterator[Sample]:
    verdict = decide(collect(project, phase.name, run_checks=False, project_state=state))
    criteria = Counter(one.answer for one in verdict.criteria)
    to = str(verdict.new.stage)
    for answer in Answer:
        yield Sample(table.GATE, (phase.name, to, str(answer)), float(answer is verdict.answer))
        yield Sample(table.CRITERIA, (phase.name, to, str(answer)), float(criteria[answer]))
