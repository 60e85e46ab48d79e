"""A source compared with either path answering crosses other seams; a gate looks at the latest of both."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from changeover.evidence.store.summary import Summary
from changeover.values.gate_verdict import Answer
from changeover.values.observation import Side
from tests.changeover.support.gate_inputs import NOW, SEAMS, Case, completing, corpus, counts, passing, run

OTHER_WAY = replace(
    corpus(number=2, at=NOW - timedelta(hours=1), answered_by=Side.CANDIDATE),
    seams={SEAMS[0]: counts(match=50), SEAMS[1]: counts()},
)


def compared_both_ways(**changes: Any) -> Case:
    other_way = replace(OTHER_WAY, **changes)
    return passing().but_evidence(corpora=(other_way, corpus()))


def test_a_later_comparison_the_other_way_round_does_not_hide_what_the_first_one_showed() -> None:
    assert compared_both_ways().verdict.answer is Answer.PASS


def test_what_differs_the_other_way_round_counts_however_well_the_first_one_went() -> None:
    diverged = {SEAMS[0]: counts(match=49, diverged=1), SEAMS[1]: counts()}
    assert compared_both_ways(seams=diverged).verdict.answer is Answer.FAIL


def test_an_effect_that_differs_the_other_way_round_counts_as_well() -> None:
    unsafe = {SEAMS[0]: counts(match=49, unsafe=1), SEAMS[1]: counts()}
    assert compared_both_ways(seams=unsafe).verdict.answer is Answer.FAIL


def test_a_later_comparison_the_same_way_round_takes_the_place_of_the_first_one() -> None:
    verdict = compared_both_ways(answered_by=Side.LEGACY).verdict
    assert verdict.answer is Answer.INCONCLUSIVE
    assert f"compared nothing in {SEAMS[1]}" in " ".join(one.detail for one in verdict.criteria)


def test_cases_of_another_seed_do_not_take_the_place_of_those_in_which_something_differed() -> None:
    diverged = replace(
        corpus(summary=Summary(seed=1)), seams={seam: counts(match=49, diverged=1) for seam in SEAMS}
    )
    again = replace(corpus(number=2, at=NOW - timedelta(hours=1)), summary=Summary(seed=2))
    assert passing().but_evidence(corpora=(again, diverged)).verdict.answer is Answer.FAIL
    assert (
        passing().but_evidence(corpora=(again, corpus(summary=Summary(seed=1)))).verdict.answer is Answer.PASS
    )


def test_before_complete_the_keys_of_a_ramp_alone_are_not_enough() -> None:
    runs = completing().runs
    case = completing().but_runs(replace(run, stage="ramp:99") for run in runs)
    assert completing().verdict.answer is Answer.PASS
    assert case.verdict.answer is Answer.INCONCLUSIVE
    assert f"{len(runs):,} in a ramp, where only some keys were answered" in case.verdict.not_counted


def test_the_name_of_a_seam_is_no_sign_of_damage() -> None:
    plan = passing().but_plan('"desk.settle"]', '"desk.damaged-goods"]')
    seams = plan.inputs.phase.seams
    runs = tuple(run(number, seam) for number in range(300) for seam in seams)
    case = plan.but_runs(runs)
    whole = corpus(seams={seam: counts(match=50) for seam in seams})
    part = replace(OTHER_WAY, seams={seams[0]: counts(match=50), seams[1]: counts()})
    verdict = case.but_evidence(corpora=(part, whole)).verdict
    assert [one for one in verdict.criteria if one.answer is not Answer.PASS] == []


def test_a_damaged_corpus_is_shown_beside_one_that_passes() -> None:
    damaged = replace(OTHER_WAY, damaged=("line 3: was not JSON",))
    found = compared_both_ways().but_evidence(corpora=(damaged, corpus())).criterion("corpus: history by")
    assert (found.answer, found.detail) == (Answer.INCONCLUSIVE, "1 damaged: line 3: was not JSON")
