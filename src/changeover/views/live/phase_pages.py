"""Pages of phases: where each stands, what its gate still needs, and what happened when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from changeover.evidence.over_time import OverTime
from changeover.evidence.store.alert_ledger import ToldAlert
from changeover.gate.seen_clusters import SeenCluster
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.values.gate_verdict import Answer
from changeover.values.stage import SEAM_STAGES, Stage
from changeover.views.layout import plural
from changeover.views.live.data import PhaseLook
from changeover.views.live.drawing import Frame, draw
from changeover.views.live.strips import describe_move, moved_in, periods_said, strips
from changeover.views.text.recorded import RecordedStatus

BLOCKERS_MAX = 3
CLUSTERS_SHOWN_MAX = 200
MOVES_SHOWN_MAX = 20
EVENTS_SHOWN_MAX = 200
RANGES = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "all"))


def phases_page(
    frame: Frame,
    phases: Sequence[PhaseLook],
    found: OverTime,
    problems: Sequence[str],
    notices: Sequence[str],
    recorded: RecordedStatus | None,
    *,
    killed: bool,
) -> str:
    """Where every phase stands, what its gate still needs, and what is wrong: the first page."""
    known = {strip.name: strip for strip in strips(found)}
    rows = [(look, known.get(look.phase.name)) for look in phases]
    return draw(
        "phases",
        frame,
        "phases",
        "Phases",
        headline=_headline(frame, phases, problems, killed=killed),
        phases=rows,
        problems=problems,
        notices=notices,
        recorded=recorded,
        killed=killed,
        periods_said=periods_said(found),
        blockers_max=BLOCKERS_MAX,
    )


def _headline(frame: Frame, phases: Sequence[PhaseLook], problems: Sequence[str], *, killed: bool) -> str:
    if killed:
        return "The kill switch is on: legacy answers every phase."
    if frame.word == "UNSAFE":
        return "An effect differs on today's code."
    if frame.word:
        return "Something differs on today's code."
    if problems:
        return f"{plural(len(problems), 'problem')} to look at."
    answers = [look.step.verdict.answer for look in phases if look.step is not None]
    if not answers:
        return "Every phase is where it was to go."
    passed = answers.count(Answer.PASS)
    if passed:
        return f"{passed} of {plural(len(phases), 'phase')} may move on."
    return "Nothing that is known differs; no gate passes yet."


def phase_page(
    frame: Frame,
    look: PhaseLook,
    found: OverTime,
    clusters: Sequence[SeenCluster],
    history: Sequence[HistoryEntry],
    moved: str = "",
) -> str:
    """One phase: every criterion of its next gate, its runs over time, and the forms that move it."""
    rows = strips(found)
    forward, back = _ways(look)
    return draw(
        "phase",
        frame,
        "phases",
        look.phase.name,
        look=look,
        strip=rows[0] if rows and look.phase.seams else None,
        moves=moved_in(history, found.periods),
        periods_said=periods_said(found),
        clusters=clusters[:CLUSTERS_SHOWN_MAX],
        history=list(reversed(history))[:MOVES_SHOWN_MAX],
        moved=moved,
        forward=forward,
        back=back,
    )


def _ways(look: PhaseLook) -> tuple[list[str], list[str]]:
    """The stages that a phase may go to, forward and back."""
    stages = look.phase.stages
    at = stages.index(look.setting.stage)
    nearest = stages[at + 1 : at + 2]
    if stages == SEAM_STAGES:
        nearest = {Stage.SHADOW: (Stage.RAMP, Stage.LIVE), Stage.RAMP: (Stage.RAMP, Stage.LIVE)}.get(
            look.setting.stage, nearest
        )
    return [str(stage) for stage in nearest], [str(stage) for stage in stages[:at]]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something on the time line: a move, or an alert that somebody was told."""

    at: datetime
    what: str
    phase: str
    text: str
    who: str


def timeline_page(
    frame: Frame,
    found: OverTime,
    history: Sequence[HistoryEntry],
    alerts: Sequence[ToldAlert],
    days: int,
    phase: str,
) -> str:
    """Runs by verdict, flips, trips and alerts on one time line."""
    moves = moved_in(history, found.periods)
    inside = [entry for one in moves for entry in one.entries]
    total = zip(found.periods, found.total, moves, strict=True)
    return draw(
        "timeline",
        frame,
        "timeline",
        "Timeline",
        strips=strips(found),
        moves=moves,
        moved_said="; ".join(one.said for one in moves if one.entries) or "nothing was moved",
        entries=inside,
        rows=list(reversed(list(total))),
        events=_happenings(inside, alerts, found),
        ranges=RANGES,
        chosen=days,
        phase=phase,
        periods_said=periods_said(found),
    )


def _happenings(
    entries: Sequence[HistoryEntry], alerts: Sequence[ToldAlert], found: OverTime
) -> list[Happening]:
    begin = found.periods[0].first if found.periods else date.max
    happened = [
        Happening(one.at, one.action, one.phase or "", f"{describe_move(one)}: {one.reason}", one.who)
        for one in entries
    ]
    happened += [
        Happening(
            told.alert.at,
            str(told.alert.kind),
            told.alert.phase or "",
            told.alert.text,
            ", ".join(one.receiver for one in told.deliveries),
        )
        for told in alerts
        if told.alert.at.date() >= begin and told.alert.phase in (*found.phases, None)
    ]
    return sorted(happened, key=lambda one: one.at, reverse=True)[:EVENTS_SHOWN_MAX]
