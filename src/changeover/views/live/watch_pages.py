"""Pages of rules, of workers with their alerts, and of what has to be said in place of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from changeover.compare.rule import Rule, rule_says
from changeover.evidence.store.alert_ledger import ToldAlert
from changeover.evidence.store.summary import RuleUse
from changeover.evidence.worker_watch import Pulse
from changeover.quick_dataclass import dataclass
from changeover.rollout.waivers import Waiver
from changeover.values.gate_verdict import GateVerdict
from changeover.views.layout import plural
from changeover.views.live.drawing import Frame, draw
from changeover.views.text.recorded import RecordedStatus

EVENTS_SHOWN_MAX = 200


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
