"""One project as pages show it while it goes on: read again when something has changed, and not before."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from changeover.api.problems import Finding, differing_today, problems_of
from changeover.api.status import answering_in, notices_of, recorded_status, waits_of
from changeover.compare.clusters import Fingerprint, fingerprint_of
from changeover.compare.rules import STRICT, Rules
from changeover.errors import ConfigurationError
from changeover.evidence.over_time import OverTime, over_time, periods_of
from changeover.evidence.spool_place import recorded_folder
from changeover.evidence.store.browsing import Browser
from changeover.evidence.store.store import store_path
from changeover.evidence.worker_watch import Pulse
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME
from changeover.gate.all_evidence import divergence_of
from changeover.gate.collect import collect
from changeover.gate.decision import decide
from changeover.gate.forecast import Forecast, forecast
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.gate.production import production_of
from changeover.gate.seen_clusters import SeenCluster, latest_groups, seen_clusters
from changeover.project import Project
from changeover.rollout.migration_files import place_of, trips_path
from changeover.rollout.plan_file import Phase
from changeover.rollout.resolver import Resolution, Resolver
from changeover.settings import PLAN_FILE, RULES_FILE, WAIVERS_FILE
from changeover.values.stage import Stage
from changeover.views.html.data import DIVERGED, UNSAFE
from changeover.views.live.data import PhaseLook
from changeover.views.text.recorded import RecordedStatus
from changeover.views.text.status import NextStep

AGE_MAX_S = 30.0
"""How old a look may be although nothing has changed: lag and silence grow by themselves."""
AGE_LEAST_S = 1.0
"""So long a look counts although something has changed: a busy program must not be read without end."""
SLOW_S = 0.2
STALE_MAX_S = 120.0
"""The oldest that is shown while a newer look is made; the page says of when it is."""
NAMED_MAX = 300
"""Of so many clusters the place is looked up."""


class Look:
    """A project at one moment. What takes time is worked out when it is first asked for."""

    def __init__(self, project: Project, state: ProjectState, mark: str) -> None:
        self.project, self.state, self.mark = project, state, mark
        self.browser = Browser(store_path(project.root))

    def prepare(self) -> None:
        """Work out what most pages ask for, so that nobody waits for it."""
        _ = self.problems, self.phases, self.clusters

    @cached_property
    def _resolver(self) -> Resolver:
        stages = self.state.plan.stages
        return Resolver(lambda: stages, directory=self.project.directory, closed=True)

    @property
    def resolution(self) -> Resolution:
        """Which stage every phase is in, and why."""
        return self._resolver.current()

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, the worst first, as `status` says it."""
        return tuple(problems_of(self.project, self.state, self._resolver, self._differing))

    @cached_property
    def notices(self) -> tuple[str, ...]:
        """What differs without harm, and what does not count as evidence."""
        differing = (one.line for one in self._differing if not one.is_unsafe)
        return (*differing, *notices_of(self.state))

    @cached_property
    def _differing(self) -> list[Finding]:
        return differing_today(self.project, self.state)

    @cached_property
    def phases(self) -> tuple[PhaseLook, ...]:
        """All phases in the order of the plan, each with what its gate still needs."""
        resolution = self.resolution
        # Under the kill switch nothing has moved: the flags say where the phases stand.
        settings = resolution.settings if self.state.problems.flags else self.state.settings
        return tuple(
            PhaseLook(phase, settings[phase.name], answering_in(resolution, phase), *self._step(phase))
            for phase in self.state.plan.phases.values()
        )

    def _step(self, phase: Phase) -> tuple[NextStep | None, Forecast | None]:
        """What it may do next, by what its gate answers without running a check."""
        if self.state.settings[phase.name].stage in (Stage.COMPLETE, Stage.DONE):
            return None, None
        inputs = collect(self.project, phase.name, run_checks=False, project_state=self.state)
        production = production_of(inputs)
        verdict = decide(inputs, production)
        return NextStep(verdict, waits_of(self.state, verdict)), forecast(inputs, production)

    @cached_property
    def clusters(self) -> tuple[SeenCluster, ...]:
        """Every cluster that is known, those that are there first; with places as far as they are known."""
        found = seen_clusters(self.state)
        groups = latest_groups(self.state)
        nameless = [one for one in found[:NAMED_MAX] if not one.place and (one.seam, one.digest) in groups]
        runs = self.browser.examples_of([groups[one.seam, one.digest] for one in nameless])
        places: dict[tuple[str, str], Fingerprint] = {}
        for run in runs:
            for digest in run.clusters:
                divergence, _ = divergence_of(run, digest)
                if divergence is not None:
                    places.setdefault((run.seam, digest), fingerprint_of(run.seam, divergence))
        return tuple(_named(one, places.get((one.seam, one.digest))) for one in found)

    @property
    def word(self) -> str:
        """The worst that is known on today's code in one word, empty where nothing differs."""
        words = {one.is_unsafe for one in self._differing}
        return UNSAFE if True in words else DIVERGED if words else ""

    @property
    def recorded(self) -> RecordedStatus | None:
        """What became of what programs recorded; None where no program records for a worker."""
        return recorded_status(self.state)

    @property
    def workers(self) -> tuple[Pulse, ...]:
        """The workers that were seen, the latest first."""
        return () if self.state.watch is None else self.state.watch.pulses

    @cached_property
    def rules(self) -> tuple[Rules, str | None]:
        """The rules of today, strict where there is no file; and why they could not be read, if so."""
        try:
            return self.project.rules(self.state.now.date()) or STRICT, None
        except ConfigurationError as error:
            return STRICT, str(error)

    def over_time(self, phases: tuple[str, ...], first: date | None = None) -> OverTime:
        """The runs of these phases from one day on until today, unless given from the first run on."""
        known = [group.day for group in self.state.evidence.groups if group.phase in phases]
        today = self.state.now.date()
        start = min(known, default=today) if first is None else first
        return over_time(self.state.evidence.groups, phases, periods_of(start, today))

    def cluster_over_time(self, cluster: SeenCluster) -> OverTime | None:
        """The runs with a cluster since it was seen first; None where production never had it."""
        having = [group for group in self.state.evidence.groups if cluster.digest in group.clusters]
        if not having:
            return None
        periods = periods_of(min(group.day for group in having), self.state.now.date())
        return over_time(having, (cluster.phase,), periods)


def _named(cluster: SeenCluster, fingerprint: Fingerprint | None) -> SeenCluster:
    if cluster.place or fingerprint is None:
        return cluster
    return replace(cluster, place=fingerprint.place, kind=str(fingerprint.kind))


class LiveProject:
    """A project of which many ask at once. Safe for threads.

    Args:
        project: the project.
        monotonic: a clock in seconds.
        slow_s: a project that takes longer than this to read is shown as it was a moment ago, while it is
            read again for whoever asks next: a page must not wait for a million runs to be counted.
    """

    def __init__(
        self, project: Project, monotonic: Callable[[], float] = time.monotonic, slow_s: float = SLOW_S
    ) -> None:
        self.project, self._monotonic, self._slow_s = project, monotonic, slow_s
        self._reading = threading.Lock()
        self._known: tuple[Look, float] | None = None
        self.cost_s = 0.0
        """Seconds of the processor that the last reading took: a busy machine makes no page stale."""

    def mark(self) -> str:
        """Another text whenever something was added, moved or edited. Costs little; never raises.

        A store that cannot be read has a mark of its own, so that this is seen as well.
        """
        try:
            counted: object = Browser(store_path(self.project.root)).mark()
        except ConfigurationError as error:
            counted = str(error)
        return sha256(repr((counted, *self._files())).encode()).hexdigest()[:16]

    def look(self, expected: str | None = None) -> Look:
        """The project as it is now, or was a moment ago.

        Args:
            expected: a mark that was heard of: a look of a moment ago with another one is not good enough.

        Raises:
            ConfigurationError: there is no plan, or it is wrong.
        """
        known = self._known
        if known is not None and expected in (None, known[0].mark):
            age = self._monotonic() - known[1]
            if age < AGE_LEAST_S:
                return known[0]
            if age < STALE_MAX_S and self.cost_s > self._slow_s:
                self.refresh_soon()
                return known[0]
        return self._refreshed(expected)

    def look_anew(self) -> Look:
        """As `look`, after this process itself has changed something."""
        self._known = None
        return self.look()

    def refresh_soon(self) -> None:
        """Let a thread bring the look up to date, unless one does already."""
        if not self._reading.locked():
            threading.Thread(target=self.refresh, name="changeover-look", daemon=True).start()

    def refresh(self) -> None:
        """Bring the look up to date, where something has changed; never raises for what is wrong."""
        with suppress(ConfigurationError):
            self._refreshed(None)

    def _refreshed(self, expected: str | None) -> Look:
        with self._reading:
            begun, known = self._monotonic(), self._known
            if known is not None and begun - known[1] < AGE_LEAST_S and expected in (None, known[0].mark):
                return known[0]  # somebody else has just read it
            mark = self.mark()
            if known is not None and known[0].mark == mark and begun - known[1] < AGE_MAX_S:
                return known[0]
            before = time.thread_time()
            look = Look(self.project, read_project_state(self.project), mark)
            look.prepare()
            self._known, self.cost_s = (look, self._monotonic()), time.thread_time() - before
            return look

    def _files(self) -> Iterator[object]:
        """What the files of the migration are like, and the signs that workers give."""
        directory = self.project.directory
        place = place_of(directory, os.environ)
        files = [place.flags, place.history, place.kill, trips_path(directory, os.environ)]
        files += [directory / name for name in (PLAN_FILE, RULES_FILE, WAIVERS_FILE, ACCEPTED_NAME)]
        for path in files:
            yield _stamp(path)
        with suppress(ConfigurationError):
            yield _stamp(recorded_folder(self.project.root))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
