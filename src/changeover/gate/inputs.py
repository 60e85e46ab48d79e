"""What gates decide on: the files and the store of a project, read once for all its gates."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import judged_code
from changeover.evidence.spool_place import recorded_folder
from changeover.evidence.store.place import Database
from changeover.evidence.store.production import DifferingInput, InputGroup, RunGroup
from changeover.evidence.store.records import STORE, Evidence, Review, StoredComparison
from changeover.evidence.store.store import read_evidence, store_path
from changeover.evidence.worker_watch import WorkerWatch, watch
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, AcceptedBlindSpot, load_accepted_blind_spots
from changeover.gate.declared_sources import declares_source
from changeover.quick_dataclass import dataclass
from changeover.rollout.flags_file import read_flags
from changeover.rollout.gate_criteria import Gate
from changeover.rollout.history import HistoryEntry, read_history
from changeover.rollout.kill_switch import read_kill_switch
from changeover.rollout.migration_files import place_of, trips_path
from changeover.rollout.plan_file import Phase, Plan
from changeover.rollout.tripwire_state import Trips
from changeover.rollout.waivers import Waiver, is_waived, load_waivers
from changeover.settings import (
    MODE_VARIABLE,
    PLAN_FILE,
    RECORDED_FOLDER,
    SCENARIOS_FOLDER,
    WAIVERS_FILE,
    WORKER,
)
from changeover.values.gate_verdict import Answer
from changeover.values.stage import Setting, Stage, stage_variable

if TYPE_CHECKING:
    from changeover.project import Project


_BUILT_IN = frozenset({SCENARIOS_FOLDER, STORE})
"""Sources that no program declares."""
_COMPARED = frozenset({Stage.SHADOW, Stage.RAMP, Stage.LIVE})
CLOCK_TOLERANCE = timedelta(minutes=5)
DECLARE_SOURCE = "changeover docs declarations    how to declare a source of cases, for compare"


@dataclass(frozen=True, slots=True)
class Problems:
    """Sentences about what could not be read; empty where all is well."""

    flags: tuple[str, ...] = ()
    code: str | None = None
    rules: str | None = None
    waivers: str | None = None
    blind_spots: str | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectState:
    """The files and the store of a project at one moment; what could not be read is in `problems`.

    `settings` are the stages of all phases by the flags; `now` is aware. `code` is None where the plan names
    no packages. `accepted` are the accepted blind spots. `watch` is None where no program records for
    a worker. `has_source` says that there are cases to compare, as far as files can tell.
    """

    plan: Plan
    settings: Mapping[str, Setting]
    revision: int | None = None
    code: str | None
    rules: str
    now: datetime
    evidence: Evidence = field(default_factory=Evidence)
    history: tuple[HistoryEntry, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    accepted: tuple[AcceptedBlindSpot, ...] = ()
    problems: Problems = field(default_factory=Problems)
    killed: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    watch: WorkerWatch | None = None
    has_source: bool = True

    @property
    def unwatched(self) -> str | None:
        """Why nobody watches what programs record, in a sentence; None where somebody does, or need not."""
        is_compared = any(one.stage in _COMPARED for one in self.settings.values())
        if self.watch is None or not is_compared:
            return None
        return self.watch.why_unwatched(self.plan.lag_max_s, self.now)

    def is_today(self, one: StoredComparison | RunGroup | InputGroup | DifferingInput | Review) -> bool:
        """Whether it is about this code and these rules."""
        is_on_it = (one.code, one.rules) == (self.code, self.rules)
        return is_on_it and not (isinstance(one, RunGroup) and one.was_of_other_code)

    def has_departed(self, group: RunGroup) -> bool:
        """Whether these runs were renewed on this code, which does something else than was recorded."""
        return group.was_of_other_code and (group.code, group.rules) == (self.code, self.rules)

    def is_waived(self, digest: str) -> bool:
        """Whether a waiver that has not expired covers this cluster."""
        return is_waived(self.waivers, digest, self.now.date())

    def in_production(self, phase: Phase) -> list[RunGroup]:
        """The runs of a phase in production, on this code and these rules."""
        return [run for run in self.evidence.groups if run.seam in phase.seams and self.is_today(run)]

    def review(self, kind: str, name: str, answer: Answer, found: str, body: Mapping[str, Any]) -> Review:
        """A review of now, on this code and these rules."""
        return Review(kind, name, self.now, self.code, self.rules, str(answer), found, body)

    @property
    def reviews(self) -> tuple[Review, ...]:
        """The reviews on this code and these rules, the latest first."""
        return tuple(one for one in self.evidence.reviews if self.is_today(one))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInputs(ProjectState):
    """Everything that the gate of one step of one phase looks at.

    `checks` has the latest result of each command line.
    """

    phase: Phase
    old: Setting
    new: Setting
    checks: Mapping[str, Review] = field(default_factory=dict)
    doctor: Review | None = None

    @property
    def gate(self) -> Gate:
        """The criteria of the stage that the phase would enter."""
        return self.phase.gate_to(self.new.stage)

    def compare(self, options: str = "") -> str:
        """The command that makes evidence for the phase, or first what that command needs."""
        return f"changeover compare {self.phase.name}{options}" if self.has_source else DECLARE_SOURCE

    @property
    def override(self) -> str | None:
        """The environment variable that overrides the phase, None where none does."""
        variable = stage_variable(self.phase.name)
        return variable if variable in self.environment else None


R = TypeVar("R")
S = TypeVar("S")


def read_project_state(project: Project, now: datetime | None = None) -> ProjectState:
    """Read everything once, as of `now`; raises ConfigurationError for a missing or a wrong plan."""
    plan = project.plan()
    if plan is None:
        where = str(project.directory / PLAN_FILE)
        raise ConfigurationError(
            where, "is missing, so that there is nothing to move: changeover init writes one"
        )
    now = now or datetime.now(UTC)
    today = now.date()
    project.make_importable()
    code, code_problem = value_or_problem(lambda: judged_code(plan, project.root), None)
    rules, rules_problem = value_or_problem(lambda: project.rules_digest(today), "")
    waivers, waivers_problem = value_or_problem(
        lambda: load_waivers(project.directory / WAIVERS_FILE, today), ()
    )
    accepted, accepted_problem = value_or_problem(
        lambda: load_accepted_blind_spots(project.directory / ACCEPTED_NAME), ()
    )
    entries, damaged = read_history(project.directory)
    settings, revision, flags_problems = _flags_state(project, plan)
    evidence = comparisons_of_the_future_last(_evidence(project, now, code, rules), now)
    return ProjectState(
        plan=plan,
        settings=settings,
        revision=revision,
        code=code,
        rules=rules,
        now=now,
        evidence=evidence,
        history=tuple(entries),
        waivers=waivers,
        accepted=accepted,
        problems=Problems(
            flags_problems, code_problem, rules_problem, waivers_problem, accepted_problem, tuple(damaged)
        ),
        killed=read_kill_switch(project.directory).killed,
        environment=os.environ,
        watch=_watch(project, plan),
        has_source=any(one.source not in _BUILT_IN for one in evidence.corpora)
        or declares_source(project.root),
    )


def _watch(project: Project, plan: Plan) -> WorkerWatch | None:
    """What is known of the workers, where there are to be any, or programs have recorded for one."""
    mode = os.environ.get(MODE_VARIABLE) or plan.mode
    store, _ = value_or_problem(lambda: store_path(project.root), None)
    has_recorded = store is not None and store.with_name(RECORDED_FOLDER).is_dir()
    if mode != WORKER and not has_recorded:
        return None
    folder = recorded_folder(project.root)
    if not isinstance(store, Database):
        return watch(folder)
    from changeover.evidence.fleet_watch import FleetWatching
    from changeover.evidence.shipping import ship_all

    ship_all(store)
    return FleetWatching(store, folder).look()


def comparisons_of_the_future_last(evidence: Evidence, now: datetime) -> Evidence:
    """A clock that was ahead for a moment must not decide which comparison is the latest for years."""
    latest = now + CLOCK_TOLERANCE
    corpora = sorted(evidence.corpora, key=lambda corpus: corpus.at > latest)
    return replace(evidence, corpora=tuple(corpora))


def value_or_problem(read: Callable[[], R], otherwise: S) -> tuple[R | S, str | None]:
    """What was read, or `otherwise` and why it could not be."""
    try:
        return read(), None
    except ConfigurationError as error:
        return otherwise, str(error)


def _evidence(project: Project, now: datetime, code: str | None, rules: str) -> Evidence:
    """That of until now. What differs counts whenever it was."""
    path, problem = value_or_problem(lambda: store_path(project.root), None)
    if path is None:
        return Evidence(problem=problem)
    return read_evidence(path, now + CLOCK_TOLERANCE, (code, rules))


def _flags_state(project: Project, plan: Plan) -> tuple[dict[str, Setting], int | None, tuple[str, ...]]:
    """The stages by flags.json, and by trips.json where the tripwire could not write flags.json."""
    flags_state = read_flags(place_of(project.directory).flags, plan.stages)
    trips = Trips(trips_path(project.directory, os.environ))
    trips.look()
    settings = {
        name: trips.apply(name, setting, flags_state.revision)[0]
        for name, setting in flags_state.every_setting(plan.stages).items()
        if name in plan.phases
    }
    problems = tuple(str(problem) for problem in (flags_state.problem, trips.problem) if problem is not None)
    return settings, None if flags_state.missing else flags_state.revision, problems
