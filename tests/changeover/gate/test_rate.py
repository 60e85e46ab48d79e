"""The rate that a gate asks for: how often a candidate at the limit passes, enumerated exactly."""

from bisect import bisect_left
from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from math import comb

import pytest

from changeover.evidence.confidence import LOOKS_MAX, comparisons_needed, repeated_looks, upper_bound
from changeover.evidence.store.records import StoredRun
from changeover.gate.production import DistinctInputs
from changeover.rollout.gate_criteria import ProductionCriteria
from changeover.values.gate_verdict import Answer
from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import Case, passing, production, run

RATES = (0.001, 0.01, 0.02, 0.1, 0.3)
CONFIDENCES = (0.8, 0.9, 0.95, 0.99)


def chance_to_pass(comparisons: int, rate: float, confidence: float) -> Fraction:
    """Of a candidate whose true rate is exactly the limit, asked once after so many comparisons."""
    beyond = min(comparisons, int(rate * comparisons) + 1)  # no bound is below the share that was seen
    passing_counts = bisect_left(
        range(beyond + 1), True, key=lambda count: upper_bound(count, comparisons, confidence) > rate
    )
    limit = Fraction(str(rate))
    differ, alike = limit.numerator, limit.denominator - limit.numerator
    ways = sum(
        comb(comparisons, count) * differ**count * alike ** (comparisons - count)
        for count in range(passing_counts)
    )
    return Fraction(ways, limit.denominator**comparisons)


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("rate", RATES)
def test_a_candidate_at_the_limit_passes_no_more_often_than_the_confidence_allows(
    rate: float, confidence: float
) -> None:
    needed = comparisons_needed(rate, confidence)
    for comparisons in {needed - 1, needed, needed + 1, 2 * needed, 200, 500} - {0}:
        chance = chance_to_pass(comparisons, rate, confidence)
        assert chance <= 1 - Fraction(confidence), (comparisons, float(chance))
        assert (chance == 0) == (comparisons < needed)


@pytest.mark.parametrize(("rate", "confidence"), [(0.3, 0.8), (0.2, 0.7), (0.5, 0.9)])
def test_looking_again_and_again_is_computed_as_enumerating_every_course_would(
    rate: float, confidence: float
) -> None:
    comparisons = 12
    passes = {
        (count, length): upper_bound(count, length, confidence) <= rate
        for length in range(1, comparisons + 1)
        for count in range(length + 1)
    }
    passed = 0.0
    for course in product((0, 1), repeat=comparisons):
        if any(passes[sum(course[:length]), length] for length in range(1, comparisons + 1)):
            diverged = sum(course)
            passed += rate**diverged * (1 - rate) ** (comparisons - diverged)
    assert repeated_looks(rate, confidence, comparisons) == pytest.approx(passed, rel=1e-9)


def test_looking_after_every_run_multiplies_the_chance_to_pass_at_the_limit() -> None:
    told = {looks: repeated_looks(0.01, 0.95, looks) for looks in (298, 299, 600, 1000, 2000)}
    assert told == {
        298: 0.0,
        299: pytest.approx(0.99**299),
        600: pytest.approx(0.0756, abs=5e-5),
        1000: pytest.approx(0.1184, abs=5e-5),
        2000: pytest.approx(0.1696, abs=5e-5),
    }
    assert repeated_looks(0.0001, 0.95, LOOKS_MAX + 1) is None


@pytest.mark.parametrize(
    ("seen", "diverged", "needed"), [(0, 0, 299), (298, 0, 299), (10, 1, 473), (300, 3, 773), (5, 5, 1049)]
)
def test_it_is_said_how_many_worlds_are_needed_if_no_more_differ(
    seen: int, diverged: int, needed: int
) -> None:
    assert DistinctInputs("desk.quote", seen, diverged).needed(ProductionCriteria()) == needed
    assert upper_bound(diverged, needed) <= 0.01 < upper_bound(diverged, needed - 1)


def test_worlds_that_nobody_will_ever_see_are_not_asked_for() -> None:
    assert DistinctInputs("desk.quote", 5, 5).needed(ProductionCriteria(rate_max=1e-7)) is None


def test_the_worst_seam_decides_and_seams_are_not_added_up() -> None:
    few = [*(run(one) for one in range(1000)), *(run(one, "desk.settle") for one in range(100))]
    found = passing().but_runs(few).criterion("production: rate")
    assert found.answer is Answer.INCONCLUSIVE
    assert found.detail == "100 of 299 distinct inputs of desk.settle"


def test_runs_of_a_corpus_are_never_added_to_those_of_production() -> None:
    case = passing().but_runs(production(200))
    assert "200 of 299" in case.criterion("production: rate").detail
    assert any("generated runs" in said for said in case.verdict.not_counted)


def test_a_run_that_was_sampled_out_is_neither_dropped_nor_counted() -> None:
    out = [run(1000 + one, verdict=Verdict.UNPAIRED, world=None, reason="sampled out") for one in range(900)]
    case = passing().but_runs([*production(), *out])
    assert case.verdict.answer is Answer.PASS
    assert "900 sampled out" in case.verdict.not_counted


def test_a_world_has_diverged_whichever_of_its_runs_comes_first() -> None:
    differing = run(7, id="again", verdict=Verdict.DIVERGED, clusters=("aa" * 32,))
    for runs in ([differing, *production()], [*production(), differing]):
        assert "1 differ" in passing().but_runs(runs).criterion("production: rate").detail


EXCUSED = 'production = { span_days = 1, seams_not_asked = { "desk.settle" = "a job of the year\'s end" } }'


def _with_excuse(runs: Iterable[StoredRun]) -> Case:
    table = "[phase.gate.live]\n"
    return passing().but_plan(table, f"{table}{EXCUSED}\n").but_runs(runs)


def test_a_seam_that_nobody_crosses_in_production_may_be_excused_with_a_reason() -> None:
    verdict = _with_excuse(one for one in production() if one.seam == "desk.quote").verdict
    assert verdict.answer is Answer.PASS
    assert "No rate of desk.settle is asked: a job of the year's end" in verdict.not_shown


def test_an_excused_seam_that_somebody_does_cross_is_asked_like_any_other() -> None:
    runs = [one for one in production() if one.seam == "desk.quote" or one.id.startswith("run-7")]
    case = _with_excuse(runs)
    assert case.verdict.answer is Answer.INCONCLUSIVE
    assert "desk.settle" in case.criterion("production: rate").detail
