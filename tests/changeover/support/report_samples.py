"""What pages are made of: a comparison that differs, one that does not, ones that showed nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from changeover.evidence.store.records import Review, StoredRun
from changeover.evidence.store.summary import Summary
from changeover.evidence.tallies import EffectCounts
from changeover.rollout.history import HistoryEntry
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.observation import Side
from changeover.values.stage import Setting, Stage
from changeover.values.verdict import Verdict
from changeover.views.html.data import PhaseStanding, ReportData
from tests.changeover.support.report_corpora import (
    ALL_MATCH,
    CODE,
    DAY,
    FEW,
    NOW,
    PHASE_OF,
    RULES,
    RUNS,
    SOME_TOLERATED,
    cluster,
    corpus,
    row,
)
from tests.changeover.support.sample_run import body


def seams_of(phase: str) -> tuple[str, ...]:
    return tuple(seam for seam, owner in PHASE_OF.items() if owner == phase)


PHASES = (
    PhaseStanding(1, "events", "New event types", Setting(Stage.DONE)),
    PhaseStanding(2, "portfolio", "The portfolio", Setting(Stage.LIVE), seams_of("portfolio")),
    PhaseStanding(3, "trading", "Trading", Setting(Stage.SHADOW), seams_of("trading")),
    PhaseStanding(4, "entry-points", "Entry points", Setting(Stage.OFF), seams_of("entry-points")),
    PhaseStanding(5, "decouple", "No direct coupling", Setting(Stage.OPEN)),
    PhaseStanding(6, "cleanup", "Remove the dual path", Setting(Stage.OPEN)),
)
CLUSTERS = (
    cluster(
        0,
        "portfolio.rebalance-plan",
        "result.items[*].target_weight",
        "0.2944",
        "0",
        name="e41b7c",
        pattern="non-zero became 0",
        runs=1951,
    ),
    cluster(
        1,
        "trading.workflow",
        "effects.broker.submit_order[*].order.quantity",
        name="09ad52",
        kind="effect-changed",
        sighting='312 is broker.positions()["SPY"].quantity, read 4',
        occurrences=702,
    ),
    cluster(
        2,
        "trading.workflow",
        "effects.notifier.send[*].text",
        '"SELL 18 SPY"',
        '"SELL 312 SPY"',
        name="5c7f20",
        kind="effect-changed",
        pattern="text",
    ),
    cluster(
        3,
        "entry.execute-trading",
        "effects.broker.submit_order[*].order.quantity",
        kind="effect-changed",
        state="regressed",
        occurrences=702,
    ),
)
GATE = GateVerdict(
    phase="trading",
    number=3,
    old=Setting(Stage.SHADOW),
    new=Setting(Stage.LIVE),
    code=CODE,
    rules=RULES,
    evidence="3e1f0c9",
    criteria=(
        Criterion("effects that differ", Answer.FAIL, "0", "702 of 6,412", "changeover explain 09ad52"),
        Criterion("production: rate, 95 %", Answer.INCONCLUSIVE, "< 1.00 %", "< 1.39 %", detail="214 of 299"),
        Criterion("requires portfolio", Answer.PASS, "live", "live"),
    ),
    not_counted=("1,207 runs on other code",),
    not_shown=("what no tag asks for",),
)
HISTORY = (
    HistoryEntry(
        revision=1,
        action="flip",
        at=datetime(2026, 8, 3, 9, 0, tzinfo=UTC),
        who="ada",
        reason="the corpus is clean",
        before=None,
        after="a" * 64,
        phase="portfolio",
        old="off",
        new="shadow",
        gate="pass",
    ),
    HistoryEntry(
        revision=1,
        action="kill",
        at=datetime(2026, 8, 9, 9, 0, tzinfo=UTC),
        who="ada",
        reason="a rehearsal",
        before="a" * 64,
        after="a" * 64,
    ),
)
BLIND = Review(
    kind="blind-spots",
    name="trading",
    at=NOW,
    code=CODE,
    rules=RULES,
    answer="pass",
    found="9,803 of 9,804 noticed",
    body={
        "tried": 9804,
        "spots": [
            {
                "seam": "trading.workflow",
                "place": "result.generated_at",
                "change": "value",
                "hidden_by": "rule 3",
                "accepted": True,
                "reason": "wall clock",
            }
        ],
    },
)


def named_run(seam: str, verdict: Verdict, content: dict[str, Any] | None = None) -> StoredRun:
    """The run of the day; `content` is what is kept of it whole."""
    whole = None if content is None else json.dumps(content)
    return StoredRun(
        *("a run", NOW, seam, PHASE_OF[seam], "shadow", Side.LEGACY, verdict, CODE, RULES),
        corpus=7,
        name=DAY,
        body=whole,
    )


def diverging() -> ReportData:
    """The example of the design: the plan leaves `target_weight` at 0."""
    verdicts = {
        "portfolio.account-data": SOME_TOLERATED,
        "portfolio.analysis": SOME_TOLERATED,
        "portfolio.allocation-comparison": ALL_MATCH,
        "portfolio.rebalance-plan": {Verdict.DIVERGED: 1951},
        "trading.signals": ALL_MATCH,
        "trading.workflow": {Verdict.MATCH: 1048, Verdict.TOLERATED: 285, Verdict.UNSAFE: 618},
        "entry.analyze-signals": ALL_MATCH,
        "entry.execute-trading": {Verdict.MATCH: 1333, Verdict.UNSAFE: 618},
    }
    cells = {seam: row(Verdict.MATCH) for seam in verdicts} | {
        "portfolio.account-data": row(Verdict.TOLERATED),
        "portfolio.analysis": row(Verdict.TOLERATED),
        "portfolio.rebalance-plan": row(Verdict.DIVERGED, RUNS),
        "trading.workflow": row(Verdict.UNSAFE, FEW),
        "entry.execute-trading": row(Verdict.UNSAFE, FEW),
    }
    effects = (
        EffectCounts("broker.submit_order", 6412, 6412, 5710, 702, 0),
        EffectCounts("notifier.send", 1951, 1951, 1333, 618, 0),
    )
    found = corpus(verdicts, cells, clusters=CLUSTERS, distinct_diverged=1951, effects=effects)
    return ReportData(
        "event-driven-orchestration",
        NOW,
        CODE,
        RULES,
        found,
        phases=PHASES,
        example=named_run("trading.workflow", Verdict.UNSAFE, body()),
        runs=(named_run("trading.workflow", Verdict.UNSAFE),),
        gates=(GATE,),
        history=HISTORY,
        blind_spots=(BLIND,),
    )


def matching() -> ReportData:
    tolerated = {"portfolio.account-data", "portfolio.analysis", "trading.workflow"}
    verdicts = {seam: SOME_TOLERATED if seam in tolerated else ALL_MATCH for seam in PHASE_OF}
    cells = {seam: row(Verdict.TOLERATED if seam in tolerated else Verdict.MATCH) for seam in PHASE_OF}
    return replace(diverging(), corpus=corpus(verdicts, cells), example=None, runs=())


def nothing_compared() -> ReportData:
    """Every run asked for something that is not on the tape."""
    reason = {"seam": "portfolio.analysis", "reason": "read-missing: market.closes", "runs": 1951}
    found = corpus(
        {"portfolio.analysis": {Verdict.FAILED: 1951}},
        {"portfolio.analysis": row(Verdict.FAILED)},
        distinct_worlds=0,
        effects=(),
        summary={"not_compared": [reason | {"example": DAY}], "own_time": {}, "rules": []},
    )
    return replace(diverging(), corpus=found, example=None, runs=())


def empty() -> ReportData:
    """As bare as a store can leave it: no plan, no seam, nothing said of anything."""
    found = replace(corpus({}, {}), summary=Summary(), effects=(), distinct_worlds=0, code=None)
    return ReportData("migration", NOW, None, RULES, found, unavailable={"gates": "there is no plan"})
