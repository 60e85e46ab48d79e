"""What somebody should hear of, worked out from the files and the store of a project at one moment.

Whoever looks twice, or in two processes, finds the same subjects again; the ledger tells each once. What lies
further back than `LOOKED_BACK` was told when it happened, or before anybody looked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from changeover.compare.rule import Rule
from changeover.evidence.store.production import RunGroup
from changeover.evidence.store.rows_of_runs import LEFT_OUT
from changeover.gate.inputs import ProjectState
from changeover.quick_dataclass import dataclass
from changeover.rollout.plan_file import Phase
from changeover.rollout.tripwire_state import TRIPPED_STAGES, Trip, subject_of_trip
from changeover.rollout.unwatched_ramp import WHO as WORKER_WATCH
from changeover.telemetry.alerts import Alert, AlertKind, subject_of
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import Stage
from changeover.values.verdict import Verdict

LOOKED_BACK = timedelta(days=7)
ID_DIGITS = 6
_COMPARED = frozenset({Stage.SHADOW, Stage.RAMP, Stage.LIVE})
_DIFFERS = (Verdict.UNSAFE, Verdict.DIVERGED)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the state of the project, its rules, and the trips that stand in trips.json."""

    state: ProjectState
    rules: Sequence[Rule] = ()
    trips: Sequence[Trip] = ()


def events(seen: Seen) -> Iterator[Alert]:
    """Everything to hear of but what changed since the look before; the worst first."""
    yield from _trips(seen)
    yield from _first_differences(seen.state)
    yield from _clusters(seen.state)
    yield from _unwatched(seen.state)
    yield from _without_runs(seen.state)
    yield from _expiring(seen)


def _trips(seen: Seen) -> Iterator[Alert]:
    now = seen.state.now
    moved = [
        (entry.phase, entry.at, entry.reason, entry.who, f"{entry.old} -> {entry.new}")
        for entry in seen.state.history
        if entry.action == "trip" and entry.phase is not None
    ]
    held = [(one.phase, one.at, one.reason, "", "held back to shadow by trips.json") for one in seen.trips]
    for phase, at, reason, who, how in (*moved, *held):
        if now - at > LOOKED_BACK:
            continue
        text = f"{phase}: {how} for new runs; {reason}"
        if who == WORKER_WATCH:
            yield _alert(AlertKind.UNWATCHED, text, phase, at, subject_of(AlertKind.UNWATCHED, phase))
        else:
            yield _alert(AlertKind.TRIPPED, text, phase, at, subject_of_trip(phase, reason))


def _alert(
    kind: AlertKind, text: str, phase: str | None, at: datetime, subject: str, cluster: str | None = None
) -> Alert:
    return Alert(kind, text, phase, cluster=cluster, at=at, subject=subject)


def _recent(state: ProjectState) -> list[RunGroup]:
    """Runs that differ, the earliest first."""
    known = {seam for phase in state.plan.phases.values() for seam in phase.seams}
    found = [
        group
        for group in state.evidence.groups
        if group.verdict in _DIFFERS and group.seam in known and state.now - group.last <= LOOKED_BACK
    ]
    return sorted(found, key=lambda group: group.first)


def _first_differences(state: ProjectState) -> Iterator[Alert]:
    """As `DifferenceAlerts` tells it in a program: an effect that differs in `ramp` or `live` has tripped."""
    for group in _recent(state):
        setting, is_unsafe = group.setting, group.verdict is Verdict.UNSAFE
        if setting is None or (is_unsafe and setting.stage in TRIPPED_STAGES):
            continue
        kind = AlertKind.UNSAFE if is_unsafe else AlertKind.DIVERGED
        cluster = next((one[:ID_DIGITS] for one in (*group.unsafe, *group.clusters) if one != LEFT_OUT), None)
        more = "" if cluster is None else f", changeover explain {cluster}"
        what = "an effect differs" if is_unsafe else "something differs"
        text = f"{what} in {group.seam}{more}; {group.phase} stays at {setting}"
        yield _alert(
            kind, text, group.phase, group.first, subject_of(kind, group.phase, group.stage), cluster
        )


def _clusters(state: ProjectState) -> Iterator[Alert]:
    found: dict[str, list[RunGroup]] = defaultdict(list)
    for group in _recent(state):
        for digest in dict.fromkeys(group.clusters):
            if digest != LEFT_OUT and not state.is_waived(digest):
                found[digest].append(group)
    for digest, groups in found.items():
        name, first = digest[:ID_DIGITS], groups[0]
        runs = sum(group.runs for group in groups)
        text = (
            f"{first.seam}: cluster {name} is new, in {runs:,} run{'' if runs == 1 else 's'}: "
            f"changeover explain {name}"
        )
        subject = subject_of(AlertKind.NEW_CLUSTER, digest)
        yield _alert(AlertKind.NEW_CLUSTER, text, first.phase, first.first, subject, name)
        yield from _regressed(state, digest, groups)


def _regressed(state: ProjectState, digest: str, recent: Sequence[RunGroup]) -> Iterator[Alert]:
    """Seen again on code that came after code whose runs did not show it."""
    order = _codes_of(state, recent[0].seam)
    with_it = {
        group.code
        for group in state.evidence.groups
        if group.seam == recent[0].seam and digest in group.clusters and group.verdict in _DIFFERS
    }
    told = set()
    for group in recent:
        if group.code not in order or group.code in told:
            continue
        before = order[: order.index(group.code)]
        last = max((number for number, code in enumerate(before) if code in with_it), default=None)
        if last is None or last == len(before) - 1:
            continue  # it is new, or was there on the code before
        told.add(group.code)
        name = digest[:ID_DIGITS]
        text = (
            f"{group.seam}: cluster {name} is there again, on code {_short(group.code)}; it was gone on "
            f"{_short(before[-1])}: changeover explain {name}"
        )
        subject = subject_of(AlertKind.REGRESSED, digest, group.code)
        yield _alert(AlertKind.REGRESSED, text, group.phase, group.first, subject, name)


def _codes_of(state: ProjectState, seam: str) -> list[str | None]:
    """The codes that were compared at a seam, in the order in which they came."""
    began: dict[str | None, datetime] = {}
    for group in state.evidence.groups:
        if group.seam == seam and (group.verdict.is_evidence or group.verdict in _DIFFERS):
            began[group.code] = min(group.first, began.get(group.code, group.first))
    return sorted(began, key=lambda code: began[code])


def _short(code: str | None) -> str:
    return "of no name" if code is None else code[:ID_DIGITS]


def _compared(state: ProjectState) -> Iterator[Phase]:
    """The phases that are compared now."""
    if state.killed:
        return
    for phase in state.plan.phases.values():
        if phase.seams and state.settings[phase.name].stage in _COMPARED:
            yield phase


def _unwatched(state: ProjectState) -> Iterator[Alert]:
    why = state.unwatched
    for phase in _compared(state) if why is not None else ():
        text = f"{phase.name} is at {state.settings[phase.name]}, and nobody watches what differs: {why}"
        subject = subject_of(AlertKind.UNWATCHED, phase.name)
        yield _alert(AlertKind.UNWATCHED, text, phase.name, state.now, subject)


def _without_runs(state: ProjectState) -> Iterator[Alert]:
    """Phases that are compared, and of which no run came for some hours; each silence is told once."""
    if state.evidence.problem is not None or state.unwatched is not None:
        return  # nobody can tell: what waits for a worker is not seen here
    allowed = timedelta(hours=state.plan.alerts.no_runs_hours)
    for phase in _compared(state):
        runs = [group.last for group in state.evidence.groups if group.seam in phase.seams]
        moved = [one.at for one in state.history if one.phase == phase.name]
        since = max((*runs, *moved), default=None)
        if since is None or state.now - since <= allowed:
            continue
        hours = (state.now - since).total_seconds() / 3600
        text = (
            f"{phase.name} is at {state.settings[phase.name]}, and no run came for {hours:.0f} h, "
            f"allowed: {state.plan.alerts.no_runs_hours:g} h"
        )
        subject = subject_of(AlertKind.NO_RUNS, phase.name, since.isoformat(timespec="seconds"))
        yield _alert(AlertKind.NO_RUNS, text, phase.name, state.now, subject)


def _expiring(seen: Seen) -> Iterator[Alert]:
    now, days = seen.state.now, seen.state.plan.alerts.expires_days
    for waiver in seen.state.waivers:
        name = waiver.cluster[:ID_DIGITS]
        what = f"the waiver of {waiver.owner} for cluster {name}"
        yield from _expires(what, waiver.until, now, days, f"waiver:{waiver.cluster}", name)
    for rule in seen.rules:
        if rule.until is not None:
            about = f"rule:{rule.path.text}:{rule.seam or ''}"
            yield from _expires(f"the rule for {rule.path.text}", rule.until, now, days, about, None)


def _expires(
    what: str, until: date, now: datetime, days: int, about: str, cluster: str | None
) -> Iterator[Alert]:
    left = (until - now.date()).days
    if left > days or left < -LOOKED_BACK.days:
        return
    when = f"expires in {left} days, after {until}" if left > 1 else f"holds until {until}"
    text = f"{what} {when}" if left >= 0 else f"{what} has expired: it held until {until}"
    subject = subject_of(AlertKind.EXPIRES, about, until)
    yield _alert(AlertKind.EXPIRES, text, None, now, subject, cluster)


@dataclass(frozen=True, slots=True)
class GateState:
    """What a gate answers now: a subject with a state, and the alert where that was another one before."""

    subject: str
    state: str
    changed_from: Callable[[str], Alert]


def gate_state(verdict: GateVerdict, now: datetime) -> GateState:
    """The state of one gate."""
    subject = subject_of(AlertKind.GATE_CHANGED, verdict.phase, verdict.new)

    def changed(before: str) -> Alert:
        wrong = [one for one in verdict.criteria if one.answer is not Answer.PASS]
        worst_first = sorted(wrong, key=lambda one: one.answer is not Answer.FAIL)
        why = "".join(f"; {one.name}: {one.found}" for one in worst_first[:1])
        do = "" if verdict.do_first is None else f"; to do first: {verdict.do_first}"
        text = f"the gate {verdict.title} was {before}, and is {verdict.answer}{why}{do}"
        return _alert(AlertKind.GATE_CHANGED, text, verdict.phase, now, subject)

    return GateState(subject, str(verdict.answer), changed)
