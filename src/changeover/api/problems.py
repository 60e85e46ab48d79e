"""What is wrong, the worst first, as `status` and `doctor` begin with it; and what will be soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.store import store_path
from changeover.gate.all_evidence import evidence_of_today
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import MOVING, HistoryEntry
from changeover.rollout.migration_files import other_folders, place_of
from changeover.rollout.resolver import KILLED_MEANS, ProblemKind, Resolver
from changeover.rollout.verify import agreement
from changeover.values.verdict import Verdict
from changeover.views.html.data import DIVERGED, UNSAFE, word_of, worst_first
from changeover.views.layout import plural
from changeover.views.rows import describe_finding

SOON_DAYS = 180
_CLUSTER_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs in one source; `line` says it as every screen does."""

    source: str
    is_unsafe: bool
    line: str


def problems_of(
    project: Project, project_state: ProjectState, resolver: Resolver, differing: list[Finding]
) -> Iterator[str]:
    """What is wrong, the worst first: each fails `status --check`."""
    yield from (one.line for one in differing if one.is_unsafe)
    if project_state.unwatched is not None:
        yield f"nobody watches what programs record: {project_state.unwatched}"
    resolution = resolver.current()
    yield from (_nearer(text, project.root) for text in _about_stages(project_state, resolver))
    yield from other_folders(project.directory, project_state.now)
    for one in resolution.overridden:
        yield f"{one.variable}={one.word} in the environment overrides flags.json ({one.base})"
    yield from _trips(project_state)
    evidence, found = project_state.evidence, project_state.problems
    if evidence.problem is not None:
        yield _nearer(f"no evidence can be read: {evidence.problem}", project.root)
    for problem in (found.code, found.rules, found.waivers, found.blind_spots):
        if problem is not None:
            yield _nearer(problem, project.root)
    today = project_state.now.date()
    for waiver in project_state.waivers:
        if waiver.has_expired(today):
            yield f"waiver {waiver.cluster[:_CLUSTER_DIGITS]} of {waiver.owner} expired on {waiver.until}"
    yield from (_nearer(text, project.root) for text in _disagreements(project, project_state))


def differing_today(project: Project, project_state: ProjectState) -> list[Finding]:
    """What differs on today's code, the worst first, in production before anywhere else."""
    evidence = project_state.evidence
    runs = (run for run in evidence.groups if run.verdict in (Verdict.UNSAFE, Verdict.DIVERGED))
    corpora = (one for one in evidence.corpora if any(tally.diverged for tally in one.seams.values()))
    if not any(map(project_state.is_today, runs)) and not any(map(project_state.is_today, corpora)):
        return []  # nothing has to be read for that
    return findings_in(evidence_of_today(project_state, Archive(store_path(project.root))))


def findings_in(known: list[StoredComparison]) -> list[Finding]:
    """What differs in it, the worst first."""
    worst = [one for one in worst_first(known) if word_of(one) in (UNSAFE, DIVERGED)]
    return [Finding(one.source, word_of(one) == UNSAFE, describe_finding(one)) for one in worst]


def what_differs(project: str | Path | Project = ".") -> list[Finding]:
    """Everything that differs on today's code, the worst first; empty if unreadable."""
    try:
        found = open_project(project)
        state = read_project_state(found)
        return differing_today(found, state)
    except ConfigurationError:
        return []


def _about_stages(project_state: ProjectState, resolver: Resolver) -> Iterator[str]:
    kill = resolver.current().kill_switch
    for problem in resolver.problems:
        if problem.kind is not ProblemKind.KILLED or kill.variable is not None:
            yield problem.text
            continue
        since = "" if kill.at is None else f", since {_moment(kill.at, project_state.now)}"
        who = "" if kill.who is None else f" by {kill.who}"
        why = "" if kill.reason is None else f": {kill.reason}"
        yield f"kill switch on ({kill.file}{since}{who}{why}): {KILLED_MEANS}"


def _moment(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M:%SZ}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%SZ}"


def _trips(project_state: ProjectState) -> Iterator[str]:
    """Phases that the tripwire moved last: somebody has to decide how they go on."""
    last: dict[str, HistoryEntry] = {}
    for entry in project_state.history:
        if entry.action in MOVING and entry.phase is not None:
            last[entry.phase] = entry
    for phase, entry in last.items():
        if entry.action == "trip" and phase in project_state.plan.phases:
            when = _moment(entry.at, project_state.now)
            yield f"tripwire: {phase} was moved back, {entry.old} -> {entry.new}, at {when}: {entry.reason}"


def _disagreements(project: Project, project_state: ProjectState) -> Iterator[str]:
    place, stages = place_of(project.directory, project_state.environment), project_state.plan.stages
    flags_state = read_flags(place.flags, stages)
    if flags_state.problem is None:  # else it is said already
        for finding in agreement(flags_state, place.lines()).findings:
            yield f"{finding.text}   mend: {finding.repair}"


def _nearer(text: str, root: Path) -> str:
    """Paths in a sentence as one would type them in the project."""
    return text.replace(f"{root}/", "")


def soon_line(project: Project, project_state: ProjectState) -> str:
    """What will expire within half a year, and when going back was last tried."""
    today = project_state.now.date()
    back = [one for one in project_state.history if one.action == "rollback"]
    rehearsed = f"rollback rehearsed {back[-1].at:%Y-%m-%d}" if back else "no rollback rehearsed"
    return "   ".join((_rules(project, today), _waivers(project_state, today), rehearsed))


def _rules(project: Project, today: date) -> str:
    try:
        rules = project.rules(today)
    except ConfigurationError:
        return "rules cannot be read"
    expiring = sorted(
        (rule.until, rule.path.text) for rule in (rules.rules if rules else ()) if rule.until is not None
    )
    return _first(expiring, "rule", today) or "no rule expires"


def _waivers(project_state: ProjectState, today: date) -> str:
    held = [one for one in project_state.waivers if not one.has_expired(today)]
    if not held:
        return "no waiver"
    expiring = sorted((one.until, one.cluster[:_CLUSTER_DIGITS]) for one in held)
    return _first(expiring, "waiver", today) or plural(len(held), "waiver")


def _first(expiring: list[tuple[date, str]], word: str, today: date) -> str:
    soon = [(until, name) for until, name in expiring if (until - today).days <= SOON_DAYS]
    if not soon:
        return ""
    until, name = soon[0]
    days = (until - today).days
    more = f" ({len(soon) - 1} more)" if len(soon) > 1 else ""
    when = f"in {plural(days, 'day')}" if days > 0 else "today"
    return f"{word} {name} expires {when}{more}"
