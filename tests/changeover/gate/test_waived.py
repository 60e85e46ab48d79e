"""Waivers are asked on the day of the gate, whatever they were when a run was compared."""

from datetime import date

import pytest

from changeover.evidence.store.records import StoredCluster
from changeover.gate.corpus_selection import seam_evidence
from changeover.values.gate_verdict import Answer
from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import (
    SAFE,
    SEAMS,
    UNSAFE,
    Case,
    cluster,
    corpus,
    counts,
    passing,
    production,
    run,
    waiver,
)

OTHER = "cc" * 32


def diverged(**verdicts: int) -> Case:
    seams = {SEAMS[0]: counts(match=48, **verdicts), SEAMS[1]: counts(match=50)}
    return passing().but_corpus(seams=seams, clusters=(cluster(),))


def test_what_is_waived_today_was_not_when_it_was_compared() -> None:
    case = diverged(diverged=2).but(waivers=(waiver(),))
    assert case.verdict.answer is Answer.PASS
    assert "2 waived in corpora" in case.verdict.not_counted


@pytest.mark.parametrize("waivers", [(), (waiver(until=date(2026, 11, 19)),), (waiver(OTHER),)])
def test_what_was_waived_when_it_was_compared_is_no_more(waivers: tuple[object, ...]) -> None:
    found = diverged(waived=2).but(waivers=waivers).criterion("corpus: divergences")
    assert (found.answer, found.found) == (Answer.FAIL, "2 of 100 runs")


def test_a_run_is_waived_only_if_everything_in_it_is() -> None:
    two = [run(400 + one, verdict=Verdict.DIVERGED, clusters=(SAFE, OTHER)) for one in range(2)]
    case = passing().but_runs([*production(), *two])
    assert case.but(waivers=(waiver(SAFE),)).verdict.answer is not Answer.PASS
    assert case.but(waivers=(waiver(SAFE), waiver(OTHER))).verdict.answer is Answer.PASS


def test_an_unsafe_run_stays_unsafe() -> None:
    case = passing().but_runs([*production(), run(400, verdict=Verdict.UNSAFE, clusters=(UNSAFE,))])
    assert case.but(waivers=(waiver(UNSAFE),)).criterion("effects").answer is Answer.FAIL


@pytest.mark.parametrize(
    ("clusters", "waived", "unexplained"),
    [
        ((), (), 5),
        ((cluster(SAFE, runs=5),), (SAFE,), 0),
        ((cluster(SAFE, runs=3),), (SAFE,), 2),
        ((cluster(SAFE, runs=5), cluster(OTHER, runs=4)), (SAFE,), 4),
        ((cluster(SAFE, runs=9), cluster(OTHER, runs=9)), (), 5),
    ],
    ids=[
        "no cluster kept",
        "all waived",
        "some without a cluster",
        "two clusters",
        "at most as many as differ",
    ],
)
def test_a_run_that_may_be_unexplained_is_taken_for_unexplained(
    clusters: tuple[StoredCluster, ...], waived: tuple[str, ...], unexplained: int
) -> None:
    part = seam_evidence(
        corpus(seams={SEAMS[0]: counts(match=5, diverged=5)}, clusters=clusters),
        SEAMS[0],
        waived.__contains__,
    )
    assert (part.unexplained, part.waived) == (unexplained, 5 - unexplained)
    assert part.runs == part.evidence + part.waived + part.unexplained
