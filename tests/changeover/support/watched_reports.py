"""Pages of a migration that has run for weeks: production beside it, several examples, what has changed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from changeover.evidence.cluster_examples import ClusterExample, ClusterExamples, Why
from changeover.evidence.last_report import Standing, changes_since, standing_of
from changeover.evidence.store.production import RunGroup
from changeover.evidence.store.records import StoredCluster
from changeover.evidence.store.run_contents import TypedText
from changeover.evidence.suggested_rule import suggested_rule
from changeover.rollout.history import HistoryEntry
from changeover.settings import PRODUCTION
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import Side
from changeover.values.verdict import Verdict
from changeover.views.html.data import ReportData, word_of
from changeover.views.html.strip import strip_of
from tests.changeover.support.report_corpora import ALL_MATCH, CODE, RULES, cluster, corpus, row
from tests.changeover.support.report_samples import CLUSTERS, HISTORY, diverging, matching

LETTER = "Trading report\n\nSELL {} SPY at the close\nBUY 20 TLT at the close\n\nregards\nthe desk"
MAIL = Divergence(
    "effects.notifier.send[*].text", Kind.EFFECT_CHANGED, LETTER.format(18), LETTER.format(312), 8
)
BEGAN = datetime(2026, 11, 2, 9, tzinfo=UTC)


def group(day: int, verdict: Verdict, runs: int) -> RunGroup:
    at = BEGAN + timedelta(days=day)
    return RunGroup(
        *("trading.workflow", "trading", "shadow", Side.LEGACY, verdict, CODE, RULES, at.date(), runs, at, at)
    )


GROUPS = [
    *(group(day, Verdict.MATCH, 40 + day) for day in range(18) if day % 7 < 5),
    group(3, Verdict.TOLERATED, 12),
    group(9, Verdict.UNSAFE, 3),
    group(14, Verdict.FAILED, 2),
]
MOVES = (
    *HISTORY,
    HistoryEntry(
        2,
        "trip",
        BEGAN + timedelta(days=9, hours=2),
        "worker",
        "an effect differs",
        "a" * 64,
        "b" * 64,
        phase="trading",
        old="ramp 5 %",
        new="shadow",
    ),
)


def examples(divergence: Divergence, *numbers: tuple[str, str]) -> ClusterExamples:
    found = (
        [divergence]
        if not numbers
        else [
            replace(divergence, legacy=TypedText("Decimal", old), candidate=TypedText("Decimal", new))
            for old, new in numbers
        ]
    )
    why = [(Why.SMALLEST,), (Why.FIRST, Why.LATEST), (Why.LARGEST_CHANGE,), (Why.OTHER,)]
    return ClusterExamples(
        tuple(
            ClusterExample(
                f"history/2011-08-{9 + number:02}", reasons, one, None, ("legacy.py:21", "new.py:8")
            )
            for number, (one, reasons) in enumerate(zip(found, why, strict=False))
        ),
        tuple((Decimal(old), Decimal(new)) for old, new in numbers),
        40,
    )


def watched() -> ReportData:
    """The page of `diverging`, with everything beside it."""
    data = diverging()
    production = replace(
        corpus({"trading.workflow": {Verdict.MATCH: 900, Verdict.UNSAFE: 3}}, {}),
        number=0,
        source=PRODUCTION,
        population=PRODUCTION,
    )
    plan, order, mail, _ = CLUSTERS
    assert order.smallest is not None
    known = {
        (order.seam, order.digest): examples(
            order.smallest.divergence, ("18", "312"), ("20", "200"), ("1", "400"), ("7", "9")
        ),
        (mail.seam, mail.digest): examples(MAIL),
    }
    standing = standing_of(
        word_of(data.corpus), (CODE, RULES), [data.corpus, production], production, {"trading": "shadow"}, {}
    )
    before = Standing(
        "match",
        "0" * 64,
        RULES,
        {plan.digest: (plan.seam, plan.place, 12), "f" * 64: ("trading.workflow", "result.sum", 4)},
        stages={"trading": "ramp 5 %"},
    )
    offers = {
        (one.seam, one.digest): suggested_rule(one, data.examples_of(one), None, date(2026, 11, 23))
        for one in CLUSTERS
    }
    return replace(
        data,
        others=(production,),
        examples=known,
        offers=offers,
        strip=strip_of(GROUPS, [], [data.corpus], MOVES, lambda run: run.verdict, word_of),
        standing=standing,
        changes=changes_since(BEGAN, before, standing),
    )


def wide(seams: int = 200, differing: int = 3) -> ReportData:
    """Many seams, of which the last ones differ."""
    names = [f"area-{number // 10:02}.step-{number:03}" for number in range(seams)]
    some = {Verdict.MATCH: 1900, Verdict.DIVERGED: 51}
    verdicts = {name: some if number >= seams - differing else ALL_MATCH for number, name in enumerate(names)}
    cells = {
        name: row(Verdict.DIVERGED, [51, *[0] * 30])
        if Verdict.DIVERGED in verdicts[name]
        else row(Verdict.MATCH)
        for name in names
    }
    clusters = [_differs(number, name) for number, name in enumerate(names[seams - differing :])]
    base = matching() if not differing else diverging()
    return replace(base, corpus=corpus(verdicts, cells, clusters=clusters), example=None, runs=())


def _differs(number: int, seam: str) -> StoredCluster:
    return cluster(number, seam, "result.total", "1.00", "1.02", runs=51)
