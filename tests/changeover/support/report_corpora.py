"""A comparison of 1,951 sessions as a store gives it back, with figures that add up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from changeover.evidence.store.reading import read_cluster
from changeover.evidence.store.records import StoredCluster, StoredComparison
from changeover.evidence.store.summary import Summary, read_record
from changeover.evidence.tallies import EffectCounts, SeamTally
from changeover.values.observation import Side
from changeover.values.verdict import Verdict

CODE, RULES = "41d09bb" + 57 * "0", "5b20aa4" + 57 * "0"
NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
DAY, LAST_DAY = "history/2011-08-09", "history/2016-06-30"
PHASE_OF = {
    "portfolio.account-data": "portfolio",
    "portfolio.analysis": "portfolio",
    "portfolio.allocation-comparison": "portfolio",
    "portfolio.rebalance-plan": "portfolio",
    "trading.signals": "trading",
    "trading.workflow": "trading",
    "entry.analyze-signals": "entry-points",
    "entry.execute-trading": "entry-points",
}
LABELS = [f"{year} Q{quarter}" for year in range(2008, 2017) for quarter in range(1, 5)][3:34]
RUNS = [64, *([63] * 29), 60]
FEW = [48, *([19] * 30)]
"""How many of the runs of each quarter differ, where 618 of 1,951 do."""
ALL_MATCH = {Verdict.MATCH: 1951}
SOME_TOLERATED = {Verdict.MATCH: 1539, Verdict.TOLERATED: 412}

Verdicts = Mapping[Verdict, int]


def _kept(text: str) -> str:
    return text[1:-1] if text.startswith('"') else f"(Decimal) {text}"


def divergence(place: str, legacy: str, candidate: str, position: int | None = None) -> dict[str, Any]:
    return {
        "place": place,
        "kind": "value",
        "detail": None,
        "legacy": _kept(legacy),
        "candidate": _kept(candidate),
        "position": position,
        "consequence_of": None,
        "sighting": None,
    }


def cluster(
    number: int,
    seam: str,
    place: str,
    legacy: str = "18",
    candidate: str = "312",
    *,
    kind: str = "value",
    pattern: str = "larger",
    runs: int = 618,
    name: str = "",
    state: str = "new",
    sighting: str = "",
    **more: Any,
) -> StoredCluster:
    digest = (name or f"{number:06x}") + 58 * "0"
    exact = place.replace("submit_order[*]", "submit_order[SPY,SELL]").replace("[*]", "[0]")
    example = {"run": DAY, "size": 9, "divergence": divergence(exact, legacy, candidate, 5)}
    body = {
        "id": digest[:6],
        "seam": seam,
        "place": place,
        "kind": kind,
        "pattern": pattern,
        "unsafe": kind.startswith("effect"),
        "runs": runs,
        "number": number,
        "occurrences": runs,
        "reachable": runs,
        "first": example,
        "smallest": example,
        "last": example | {"run": LAST_DAY},
        "always_with": [],
        "sighting": sighting,
        "answered_by": "legacy",
    }
    return replace(read_cluster(digest, body | more), state=state)


def row(worst: Verdict | None, differing: list[int] | None = None) -> list[list[object]]:
    """The cells of one seam."""
    return [[worst, runs, few] for runs, few in zip(RUNS, differing or [0] * len(RUNS), strict=True)]


SUMMARY: dict[str, Any] = {
    "cases": 1951,
    "unit": "sessions",
    "first": "2008-10-01",
    "last": "2016-06-30",
    "names": [],
    "missing_tags": ["broker-rejects", "lost-reply", "missing-quote", "outage"],
    "rules": [
        {
            "path": "**.market_value",
            "says": "abs 0.01",
            "reason": "legacy rounds each lot, the handler rounds the sum",
            "until": "2027-03-31",
            "runs": 1236,
            "hits": 4011,
            "differing": 1109,
            "largest": "0.01",
        }
    ],
    "unused_rules": ["result.warnings"],
    "not_compared": [],
    "own_time": {
        "p50": [0.0118, 0.0126],
        "p95": [0.0194, 0.0209],
        "pairs": [[0.004 * 1.03**step, 0.0042 * 1.031**step] for step in range(60)],
    },
}
ALIKE = (
    EffectCounts("broker.submit_order", 6412, 6412, 6412, 0, 0),
    EffectCounts("notifier.send", 1951, 1951, 1951, 0, 0),
)


def corpus(
    verdicts: Mapping[str, Verdicts], cells: Mapping[str, list[list[object]]], **changes: Any
) -> StoredComparison:
    """`changes` are of the corpus; those of `summary` are added to what it says else."""
    summary = SUMMARY | {"periods": {"labels": LABELS, "seams": dict(cells)}} | changes.pop("summary", {})
    plain = StoredComparison(
        number=7,
        at=NOW,
        source="history",
        population="recorded",
        code=CODE,
        rules=RULES,
        whole=True,
        partial=False,
        answered_by=Side.LEGACY,
        seams={
            seam: SeamTally(seam, PHASE_OF.get(seam, seam), dict(found)) for seam, found in verdicts.items()
        },
        tags={"balanced": 900},
        distinct_worlds=1951,
        distinct_diverged=0,
        effects=ALIKE,
        summary=read_record(Summary, summary),
    )
    return replace(plain, **changes)
