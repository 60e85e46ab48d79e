"""What all gates of a project stand on at one moment: its files and its store, read once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import code_digest
from changeover.evidence.store.records import Evidence
from changeover.evidence.store.store import read_evidence, store_path
from changeover.flips.entry import HistoryEntry
from changeover.flips.place import place_of, stages_of
from changeover.flips.standing import read_standing
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, AcceptedBlindSpot, load_accepted_blind_spots
from changeover.gate.dossier import Problems
from changeover.gate.waiver import Waiver
from changeover.gate.waivers_file import WAIVERS_NAME, load_waivers
from changeover.plan.held_trips import HeldTrips
from changeover.rollout.history import read_history
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import KILL_FILE, KILL_VARIABLE
from changeover.rollout.tripwire_state import trips_path
from changeover.values.stage import Setting

if TYPE_CHECKING:
    from changeover.project import Project

R = TypeVar("R")
S = TypeVar("S")
_NOT_KILLED = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """Whatever could not be read is in `problems`, and no exception."""

    plan: Plan
    settings: Mapping[str, Setting]
    revision: int | None
    code: str | None
    rules: str
    now: datetime
    evidence: Evidence
    history: tuple[HistoryEntry, ...]
    waivers: tuple[Waiver, ...]
    accepted: tuple[AcceptedBlindSpot, ...]
    problems: Problems
    killed: bool
    environment: Mapping[str, str]


def look(project: Project, environment: Mapping[str, str] | None = None) -> Footing:
    """Read everything; raises ConfigurationError where there is no plan, or one that is wrong."""
    environment = os.environ if environment is None else environment
    plan = project.plan()
    if plan is None:
        where = str(project.directory / "phases.toml")
        raise ConfigurationError(
            where, "is missing, so that there is nothing to move: changeover init writes one"
        )
    now = datetime.now(UTC)
    today = now.date()
    project.make_importable()
    code, code_problem = _tried(lambda: code_digest(plan.code) if plan.code else None, None)
    rules, rules_problem = _tried(lambda: project.rules_digest(today), "")
    waivers, waivers_problem = _tried(lambda: load_waivers(project.directory / WAIVERS_NAME, today), ())
    accepted, accepted_problem = _tried(
        lambda: load_accepted_blind_spots(project.directory / ACCEPTED_NAME), ()
    )
    entries, damaged = read_history(project.directory)
    settings, revision, flags_problems = _standing(project, plan, environment)
    return Footing(
        plan=plan,
        settings=settings,
        revision=revision,
        code=code,
        rules=rules,
        now=now,
        evidence=_evidence(project, environment),
        history=tuple(entries),
        waivers=waivers,
        accepted=accepted,
        problems=Problems(
            flags_problems, code_problem, rules_problem, waivers_problem, accepted_problem, tuple(damaged)
        ),
        killed=_is_killed(project, environment),
        environment=environment,
    )


def _tried(read: Callable[[], R], otherwise: S) -> tuple[R | S, str | None]:
    try:
        return read(), None
    except ConfigurationError as error:
        return otherwise, str(error)


def _evidence(project: Project, environment: Mapping[str, str]) -> Evidence:
    path, problem = _tried(lambda: store_path(project.root, environment), None)
    return Evidence(problem=problem) if path is None else read_evidence(path)


def _standing(
    project: Project, plan: Plan, environment: Mapping[str, str]
) -> tuple[dict[str, Setting], int | None, tuple[str, ...]]:
    """Where phases stand by the flags, and by the tripwire where it could not write them."""
    stages = stages_of(plan)
    standing = read_standing(place_of(project.directory, environment).flags, stages)
    trips = HeldTrips(trips_path(project.directory, environment))
    trips.look()
    settings = {
        name: trips.over(name, setting, standing.revision)[0]
        for name, setting in standing.whole(stages).items()
        if name in plan.phases
    }
    problems = tuple(problem for problem in (standing.problem, trips.problem) if problem is not None)
    return settings, None if standing.missing else standing.revision, problems


def _is_killed(project: Project, environment: Mapping[str, str]) -> bool:
    word = environment.get(KILL_VARIABLE, "").strip().lower()
    return word not in _NOT_KILLED or os.path.lexists(project.directory / KILL_FILE)
