"""What differed on this code is not forgotten because less was looked at later."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from changeover.errors import ConfigurationError
from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.summary import Summary
from changeover.values.gate_verdict import Answer
from changeover.values.observation import Side
from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import (
    NOW,
    SAFE,
    SEAMS,
    UNSAFE,
    cluster,
    corpus,
    counts,
    passing,
    waiver,
)

GOOD = {seam: counts(match=50) for seam in SEAMS}
BAD = {SEAMS[0]: counts(match=50), SEAMS[1]: counts(match=49, unsafe=1)}
ODD = {SEAMS[0]: counts(match=49, diverged=1), SEAMS[1]: counts(match=50)}


def kept(number: int, **changes: Any) -> StoredComparison:
    """The later, the higher its number."""
    at = NOW - timedelta(days=1) + timedelta(minutes=number)
    return corpus(**{"number": number, "at": at, "seams": GOOD, **changes})


def unsafe(number: int, **changes: Any) -> StoredComparison:
    found = cluster(UNSAFE, seam=SEAMS[1], unsafe=True, place="effects.till.pay[*]", runs=1)
    return kept(number, **{"seams": BAD, "clusters": (found,), **changes})


@pytest.mark.parametrize(
    "later",
    [
        kept(2, seams={SEAMS[0]: counts(match=50)}),
        kept(2, seams={SEAMS[0]: counts(match=50), SEAMS[1]: counts()}),
        kept(2, answered_by=Side.CANDIDATE),
        kept(2, partial=True, summary=Summary(noise=False)),
        kept(2, source="stress"),
    ],
    ids=["one seam", "one seam was silent", "the other path answered", "a part", "another source"],
)
def test_an_effect_that_differed_counts_until_its_seam_is_compared_again(later: StoredComparison) -> None:
    case = passing().but_evidence(corpora=(kept(3, source="stress"), later, unsafe(1)))
    assert case.criterion("effects that differ").answer is Answer.FAIL
    again = case.but_evidence(corpora=(kept(4), *case.inputs.evidence.corpora))
    assert again.verdict.answer is Answer.PASS


def test_what_a_part_of_a_source_showed_counts_although_it_is_no_evidence() -> None:
    part = unsafe(2, partial=True, summary=Summary(noise=False))
    case = passing().but_evidence(corpora=(part, kept(1)))
    assert case.criterion("effects that differ").answer is Answer.FAIL
    odd = kept(2, seams=ODD, clusters=(cluster(runs=1),), partial=True, summary=Summary(noise=False))
    case = passing().but_evidence(corpora=(odd, kept(1)))
    assert case.criterion("corpus: divergences").answer is Answer.FAIL
    assert case.criterion("corpus: divergences").do == f"changeover explain {SAFE[:6]}"
    assert case.but_evidence(corpora=(kept(3), odd, kept(1))).verdict.answer is Answer.PASS


def test_a_path_that_differs_from_itself_says_nothing_of_the_other() -> None:
    noise = unsafe(2, partial=True, summary=Summary(noise=True))
    assert passing().but_evidence(corpora=(noise, kept(1))).verdict.answer is Answer.PASS
    interrupted = replace(noise, whole=False)
    assert passing().but_evidence(corpora=(interrupted, kept(1))).verdict.answer is Answer.PASS


def test_what_a_comparison_saw_before_it_was_interrupted_counts() -> None:
    torn = unsafe(2, whole=False, summary=Summary(noise=False))
    case = passing().but_evidence(corpora=(torn, kept(1)))
    assert case.criterion("effects that differ").answer is Answer.FAIL
    nameless = replace(torn, clusters=())
    case = passing().but_evidence(corpora=(nameless, kept(1)))
    assert case.criterion("effects that differ").answer is Answer.FAIL
    assert case.but_evidence(corpora=(kept(3), nameless, kept(1))).verdict.answer is Answer.PASS


def test_where_clusters_were_left_out_a_waiver_of_the_others_explains_nothing() -> None:
    both = {SEAMS[0]: counts(match=40, waived=5, diverged=5), SEAMS[1]: counts(match=50)}
    case = passing().but(waivers=(waiver(),))
    named = kept(1, seams=both, clusters=(cluster(runs=10),))
    assert case.but_evidence(corpora=(named,)).verdict.answer is Answer.PASS
    more = replace(named, summary=Summary(clusters_left_out=5))
    assert case.but_evidence(corpora=(more,)).criterion("corpus: divergences").answer is Answer.FAIL


def test_production_in_which_both_paths_always_gave_up_shows_nothing() -> None:
    case = passing().but_every_run(gave_up=True)
    assert case.verdict.answer is Answer.INCONCLUSIVE
    assert f"{SEAMS[0]} in production" in case.criterion("reference ran").detail
    ran, *others = case.runs
    one = replace(ran, gave_up=False), replace(others[0], gave_up=False), *others[1:]
    assert {run.verdict for run in one} == {Verdict.MATCH}
    assert case.but_runs(one).verdict.answer is Answer.PASS


def test_a_rate_that_excludes_nothing_cannot_be_asked_for() -> None:
    for rate, allowed in (("0.999999", True), ("1.0", False)):
        asked = f"production = {{ rate_max = {rate}, span_days = 0 }}"
        with nullcontext() if allowed else pytest.raises(ConfigurationError, match="rate_max"):
            case = passing().but_plan('check = ["lint-imports"]', f'{asked}\ncheck = ["lint-imports"]')
            assert case.but_runs(()).criterion("production: rate").answer is Answer.INCONCLUSIVE
