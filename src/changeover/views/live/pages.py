"""The pages: what is in which, in which order, and the sentence that each begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from changeover.compare.rule import Rule, rule_says
from changeover.evidence.over_time import OverTime
from changeover.evidence.store.alert_ledger import ToldAlert
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.summary import RuleUse
from changeover.evidence.worker_watch import Pulse
from changeover.gate.seen_clusters import ClusterState, SeenCluster
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.rollout.waivers import Waiver
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import SEAM_STAGES, Stage
from changeover.values.verdict import Verdict
from changeover.views.layout import plural
from changeover.views.live.both_paths import both_paths
from changeover.views.live.data import ClusterLook, Found, PhaseLook, RunsListed
from changeover.views.live.drawing import Frame, draw, query_text
from changeover.views.live.strips import Strip, describe_move, moved_in, strips
from changeover.views.live.text_diff import diff_of
from changeover.views.text.recorded import RecordedStatus

BLOCKERS_MAX = 3
CLUSTERS_SHOWN_MAX = 200
MOVES_SHOWN_MAX = 20
EVENTS_SHOWN_MAX = 200
RANGES = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "all"))
_THERE = (ClusterState.REGRESSED, ClusterState.NEW, ClusterState.OPEN)


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
        periods_said=_periods_said(found),
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


def _periods_said(found: OverTime) -> str:
    if not found.periods:
        return "no time yet"
    days = (found.periods[-1].last - found.periods[0].first).days + 1
    length = (found.periods[-1].last - found.periods[-1].first).days + 1
    each = "" if length == 1 else f", {length} days a cell"
    return f"{plural(days, 'day')}{each}"


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
        periods_said=_periods_said(found),
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
        periods_said=_periods_said(found),
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


def clusters_page(frame: Frame, clusters: Sequence[SeenCluster], state: str, phase: str) -> str:
    """Every cluster with its state, when it was seen first and last; `state` is a state or empty."""
    of_phase = [one for one in clusters if phase in ("", one.phase)]
    counts = {str(one): sum(cluster.state is one for cluster in of_phase) for one in ClusterState}
    shown = [one for one in of_phase if state in ("", one.state)]
    there = [one for one in of_phase if one.state in _THERE and not one.is_waived]
    unsafe = sum(one.is_unsafe for one in there)
    said = f"{plural(len(there), 'cluster')} on today's code" if there else "No cluster on today's code"
    return draw(
        "clusters",
        frame,
        "clusters",
        "Clusters",
        headline=f"{said}{f', {unsafe:,} of effects' if unsafe else ''}.",
        clusters=shown[:CLUSTERS_SHOWN_MAX],
        left_out=max(0, len(shown) - CLUSTERS_SHOWN_MAX),
        choices=[("", "all", len(of_phase)), *((name, name, number) for name, number in counts.items())],
        chosen=state,
        phase=phase,
    )


def cluster_page(frame: Frame, found: ClusterLook, seen: OverTime | None) -> str:
    """One cluster with several examples side by side."""
    rows: tuple[Strip, ...] = () if seen is None else strips(seen)
    return draw(
        "cluster",
        frame,
        "clusters",
        f"{found.cluster.id} {found.cluster.place}",
        found=found,
        examples=[(one, diff_of(one.divergence)) for one in found.examples],
        strip=rows[0] if rows else None,
        periods_said="" if seen is None else _periods_said(seen),
    )


def several_page(frame: Frame, name: str, clusters: Sequence[SeenCluster]) -> str:
    """What an identifier stands for that is not the name of one cluster alone."""
    headline = f"{plural(len(clusters), 'cluster')} whose name begins with {name}"
    return draw("several", frame, "clusters", name, headline=headline, clusters=clusters)


def runs_page(frame: Frame, listed: RunsListed, phases: Sequence[str], seams: Sequence[str]) -> str:
    """Some of the runs in production."""
    wanted = listed.wanted
    asked = {
        "phase": wanted.phase,
        "seam": wanted.seam,
        "verdict": "" if wanted.verdict is None else str(wanted.verdict),
        "cluster": wanted.cluster,
        "first": wanted.first,
        "last": wanted.last,
    }
    before = None if listed.before is None else listed.before.isoformat()
    return draw(
        "runs",
        frame,
        "runs",
        "Runs",
        listed=listed,
        phases=phases,
        seams=seams,
        verdicts=[str(one) for one in Verdict],
        filtered=any(asked.values()),
        first_page=f"/runs{query_text(asked)}",
        next_page=None if before is None else f"/runs{query_text({**asked, 'until': before})}",
    )


def run_page(frame: Frame, runs: Sequence[StoredRun]) -> str:
    """One run with its tape, or every run of one case."""
    drawn = [(run, None if run.contents is None else both_paths(run.contents)) for run in runs]
    return draw("run", frame, "runs", runs[0].name or runs[0].id, runs=drawn)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule of today with its hits in the latest comparisons."""

    number: int
    place: str
    seam: str
    says: str
    reason: str
    until: date | None
    hits: int
    runs: int
    largest: str
    sources: str


def rules_page(
    frame: Frame,
    rules: Sequence[Rule],
    uses: Mapping[str, Sequence[RuleUse]],
    waivers: Sequence[Waiver],
    tolerated: int,
    today: date,
    problem: str | None,
) -> str:
    """The rules with their hits; `uses` are those of the latest comparison of each source."""
    rows = [_rule_row(rule, uses) for rule in rules]
    headline = f"{plural(len(rows), 'rule')}." if rows else "No rule: everything is compared strictly."
    return draw(
        "rules",
        frame,
        "rules",
        "Rules",
        headline=headline,
        rules=rows,
        waivers=waivers,
        tolerated=tolerated,
        today=today,
        problem=problem,
    )


def _rule_row(rule: Rule, uses: Mapping[str, Sequence[RuleUse]]) -> RuleRow:
    says = rule_says(rule)
    own = [use for found in uses.values() for use in found if (use.path, use.says) == (rule.path.text, says)]
    largest = [use.largest for use in own if use.largest is not None]
    return RuleRow(
        rule.number,
        rule.path.text,
        rule.seam or "",
        says,
        rule.reason,
        rule.until,
        sum(use.hits for use in own),
        sum(use.runs for use in own),
        max(largest, key=lambda text: float(text), default=""),
        ", ".join(uses),
    )


def workers_page(
    frame: Frame,
    recorded: RecordedStatus | None,
    workers: Sequence[Pulse],
    alerts: Sequence[ToldAlert],
    now: datetime,
    lag_max_s: float,
) -> str:
    """Who replays what programs record, how far behind, and who was told of what."""
    aged = [(one, _age((now - one.at).total_seconds())) for one in workers]
    waiting = 0 if recorded is None else recorded.waiting
    if recorded is None:
        headline = "No worker is needed."
    elif recorded.unwatched is not None:
        headline = "Nobody watches what programs record."
    else:
        headline = f"{plural(len(workers), 'worker')} seen, {plural(waiting, 'run')} waiting."
    return draw(
        "workers",
        frame,
        "workers",
        "Workers",
        headline=headline,
        recorded=recorded,
        workers=aged,
        alerts=alerts[:EVENTS_SHOWN_MAX],
        lag_max_s=lag_max_s,
    )


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def search_page(frame: Frame, found: Found) -> str:
    """What a search has found."""
    return draw("search", frame, "search", "Search", found=found)


def said_page(
    frame: Frame,
    title: str,
    sentences: Sequence[str],
    back: str,
    word: str = "",
    gate: GateVerdict | None = None,
) -> str:
    """One thing that has to be said: there is no such page, a gate refused, a token was wrong."""
    return draw("said", frame, "", title, sentences=sentences, back=back, word=word, gate=gate)
