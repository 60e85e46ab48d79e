"""What evidence may lack: each case is one change away from inputs that pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from changeover.evidence.store.records import Evidence
from changeover.values.observation import Side
from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import (
    FAIL,
    NOW,
    SAFE,
    SEAMS,
    UNKNOWN,
    UNSAFE,
    Case,
    NotGreen,
    cluster,
    completing,
    corpus,
    counts,
    passing,
    production,
    run,
    waiver,
)

WAIVED = {seam: counts(waived=50) for seam in SEAMS}
VACUOUS = {seam: counts(vacuous=50) for seam in SEAMS}
ALL_GAVE_UP = {seam: replace(counts(match=50), gave_up=50) for seam in SEAMS}
ONE_MATCH_MISSING = {SEAMS[0]: counts(match=49, failed=1), SEAMS[1]: counts(match=50)}


def unsafe_corpus(case: Case) -> Case:
    seams = {SEAMS[0]: counts(match=49, unsafe=1), SEAMS[1]: counts(match=50)}
    return case.but_corpus(seams=seams, clusters=(cluster(UNSAFE, unsafe=True, place="effects.till.pay[*]"),))


def diverged_corpus(case: Case) -> Case:
    seams = {SEAMS[0]: counts(match=48, diverged=2), SEAMS[1]: counts(match=50)}
    return case.but_corpus(seams=seams, clusters=(cluster(),))


def share(verdict: Verdict, times: int, **changes: Any) -> Callable[[Case], Case]:
    """So many more runs in production that ended so."""
    more = [run(1000 + one, verdict=verdict, world=None, **changes) for one in range(times)]
    return lambda case: case.but_runs([*production(), *more])


EVIDENCE_CASES: dict[str, NotGreen] = {
    # Nothing, or too little
    "there is no evidence at all": (
        passing,
        lambda c: c.but(evidence=Evidence()),
        UNKNOWN,
        "no run on this code and these rules",
    ),
    "production had no run": (passing, lambda c: c.but_runs(()), UNKNOWN, "0 of 299 distinct inputs"),
    "production had one world too few": (
        passing,
        lambda c: c.but_runs(production(298)),
        UNKNOWN,
        "298 of 299 distinct inputs",
    ),
    "the same world was seen a thousand times": (
        passing,
        lambda c: c.but_every_run(world="2:world"),
        UNKNOWN,
        "1 of 299 distinct inputs",
    ),
    "worlds are unknown": (
        passing,
        lambda c: c.but_every_run(world=None),
        UNKNOWN,
        "0 of 299 distinct inputs",
    ),
    "one seam was never run in production": (
        passing,
        lambda c: c.but_runs(run(one) for one in range(300)),
        UNKNOWN,
        "of desk.settle",
    ),
    "all runs are of one day": (
        passing,
        lambda c: c.but_every_run(at=NOW - timedelta(hours=1)),
        UNKNOWN,
        "stay at shadow: 19 more days",
    ),
    "there is no corpus": (passing, lambda c: c.but_evidence(corpora=()), UNKNOWN, "none on this code"),
    "the corpus that is asked for is another": (
        passing,
        lambda c: c.but_corpus(source="stress"),
        UNKNOWN,
        "changeover compare desk --source history",
    ),
    "the corpus was interrupted": (
        passing,
        lambda c: c.but_corpus(whole=False),
        UNKNOWN,
        "none on this code",
    ),
    "the corpus was one case picked by hand": (
        passing,
        lambda c: c.but_corpus(partial=True),
        UNKNOWN,
        "none on this code",
    ),
    "the corpus crossed one seam of two": (
        passing,
        lambda c: c.but_corpus(seams={SEAMS[0]: counts(match=50)}),
        UNKNOWN,
        "compared nothing in desk.settle",
    ),
    "a required tag was not seen": (
        passing,
        lambda c: c.but_corpus(tags={"debt": 50, "settled": 0}),
        UNKNOWN,
        "missing: settled",
    ),
    "a line of the corpus is damaged": (
        passing,
        lambda c: c.but_corpus(damaged=("kept.jsonl:3: was no JSON",)),
        UNKNOWN,
        "kept.jsonl:3",
    ),
    "own times were not measured": (
        passing,
        lambda c: c.but_evidence(corpora=(corpus(own_times={}),)).but_every_run(legacy_s=None),
        UNKNOWN,
        "not measured",
    ),
    # Agreement that shows nothing
    "everything is waived": (
        passing,
        lambda c: (
            c.but_corpus(seams=WAIVED, clusters=(cluster(runs=50), cluster(seam=SEAMS[1], runs=50)))
            .but(waivers=(waiver(),))
            .but_every_run(verdict=Verdict.WAIVED, clusters=(SAFE,))
        ),
        UNKNOWN,
        "every run waived",
    ),
    "everything is vacuous": (
        passing,
        lambda c: c.but_corpus(seams=VACUOUS).but_every_run(verdict=Verdict.VACUOUS),
        UNKNOWN,
        "every run vacuous",
    ),
    "the reference always gave up": (
        passing,
        lambda c: c.but_corpus(seams=ALL_GAVE_UP),
        UNKNOWN,
        "the reference did not run",
    ),
    # Other code, other rules, other side
    "the runs are of other code": (
        passing,
        lambda c: c.but_every_run(code="e" * 64),
        UNKNOWN,
        "600 runs on other code or rules",
    ),
    "the runs are by other rules": (
        passing,
        lambda c: c.but_every_run(rules="e" * 64),
        UNKNOWN,
        "600 runs on other code or rules",
    ),
    "the corpus is of other code": (
        passing,
        lambda c: c.but_corpus(code="e" * 64),
        UNKNOWN,
        "1 corpus on other code or rules",
    ),
    "the plan names no code": (passing, lambda c: c.but(code=None), UNKNOWN, "phases.toml names no packages"),
    "nobody but legacy answered": (
        completing,
        lambda c: c.but_every_run(answered_by=Side.LEGACY),
        UNKNOWN,
        "in which candidate did not answer",
    ),
    "the candidate was never asked in the corpus": (
        passing,
        lambda c: c.but_plan('"settled"] }', '"settled"], answered_by = "candidate" }'),
        UNKNOWN,
        "--answer candidate",
    ),
    # Not compared
    "one run of the corpus was not compared": (
        passing,
        lambda c: c.but_corpus(seams=ONE_MATCH_MISSING),
        UNKNOWN,
        "1 of 100 runs",
    ),
    "too many runs in production failed": (passing, share(Verdict.FAILED, 1), UNKNOWN, "1 failed"),
    "too many runs were dropped": (
        passing,
        share(Verdict.UNPAIRED, 7, reason="the queue was full"),
        UNKNOWN,
        "7 dropped",
    ),
    "too many runs could not be kept": (passing, lambda c: c.but_evidence(lost=7), UNKNOWN, "7 not kept"),
    # It differs
    "an effect differs in a corpus": (passing, unsafe_corpus, FAIL, "bbbbbb desk.quote effects.till.pay"),
    "an effect differs, and somebody waived it": (
        passing,
        lambda c: unsafe_corpus(c).but(waivers=(waiver(UNSAFE),)),
        FAIL,
        "an effect is never waived",
    ),
    "an effect differs in production, once": (
        passing,
        lambda c: c.but_runs([*production(), run(400, verdict=Verdict.UNSAFE, clusters=(UNSAFE,))]),
        FAIL,
        "changeover explain bbbbbb",
    ),
    "an effect differs in a corpus that nobody asked for": (
        passing,
        lambda c: c.but_evidence(
            corpora=(
                *unsafe_corpus(c.but_corpus())
                .but_corpus(source="stress", number=2, seams={SEAMS[0]: counts(match=9, unsafe=1)})
                .inputs.evidence.corpora,
                corpus(),
            )
        ),
        FAIL,
        "in 1 runs",
    ),
    "a result differs in a corpus": (passing, diverged_corpus, FAIL, "changeover explain aaaaaa"),
    "the waiver of what differs expired yesterday": (
        passing,
        lambda c: diverged_corpus(c).but(waivers=(waiver(until=date(2026, 11, 19)),)),
        FAIL,
        "1 expired",
    ),
    "a waiver expired, whatever it was of": (
        passing,
        lambda c: c.but(waivers=(waiver(until=date(2026, 11, 19)),)),
        FAIL,
        "of ada on 2026-11-19",
    ),
    "what was fixed once is there again, and waived": (
        passing,
        lambda c: (
            diverged_corpus(c)
            .but_evidence(
                corpora=(
                    replace(
                        diverged_corpus(c).inputs.evidence.corpora[0], clusters=(cluster(state="regressed"),)
                    ),
                )
            )
            .but(waivers=(waiver(),))
        ),
        FAIL,
        "was fixed once",
    ),
    "one run in production differs": (
        passing,
        lambda c: c.but_runs([*production(), run(400, verdict=Verdict.DIVERGED, clusters=(SAFE,))]),
        UNKNOWN,
        "301 of 473 distinct inputs",
    ),
    "one run of a world that also matched differs": (
        passing,
        lambda c: c.but_runs([*production(), run(7, id="again", verdict=Verdict.DIVERGED, clusters=(SAFE,))]),
        UNKNOWN,
        "300 of 473 distinct inputs",
    ),
    "a rate that low is excluded": (
        passing,
        lambda c: c.but_runs(
            [*production(), *(run(400 + one, verdict=Verdict.DIVERGED, clusters=(SAFE,)) for one in range(9))]
        ),
        FAIL,
        "9 differ",
    ),
    "the candidate takes twice as long": (
        passing,
        lambda c: c.but_corpus(own_times={"desk": (0.010, 0.020)}),
        FAIL,
        "x 2.00",
    ),
}
