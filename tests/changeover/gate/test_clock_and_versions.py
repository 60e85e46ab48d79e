"""A clock that was wrong for a moment is no evidence and stops no gate; digests of an earlier version count
for nothing.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from changeover.gate.inputs import comparisons_of_the_future_last
from changeover.values.gate_verdict import Answer
from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import NOW, SEAMS, corpus, entry, passing, production, run

LATER = NOW + timedelta(days=9_000)


def test_one_run_of_the_future_counts_for_nothing_and_stops_no_gate() -> None:
    case = passing().but_runs((*passing().runs, run(999, at=LATER)))
    assert case.inputs.evidence.of_the_future == 1
    assert case.verdict.answer is Answer.PASS
    assert "1 run of the future, by a clock that was wrong" in case.verdict.not_counted
    assert case.criterion("production: rate").detail == passing().criterion("production: rate").detail


@pytest.mark.parametrize("verdict", [Verdict.UNSAFE, Verdict.DIVERGED])
def test_what_differed_counts_whenever_the_clock_says_it_was(verdict: Verdict) -> None:
    odd = run(999, at=LATER, verdict=verdict, clusters=("cc" * 32,))
    case = passing().but_runs((*passing().runs, odd))
    assert case.inputs.evidence.of_the_future == 0
    assert case.verdict.answer is not Answer.PASS


def test_a_comparison_of_the_future_is_replaced_by_one_of_today() -> None:
    wrong, right = corpus(number=1, at=LATER), corpus(number=2, at=NOW)
    left = comparisons_of_the_future_last(replace(passing().inputs.evidence, corpora=(wrong, right)), NOW)
    assert left.corpora == (right, wrong)


def test_a_move_of_the_future_stops_gates_until_somebody_moves_again() -> None:
    wrong = entry("flip", "off", "shadow", at=LATER)
    assert passing().but(history=(wrong,)).verdict.answer is Answer.INCONCLUSIVE
    assert (
        passing().but(history=(wrong, entry("flip", "off", "shadow", at=NOW))).verdict.answer is Answer.PASS
    )


@pytest.mark.parametrize("world", ["world-{}", "1:world-{}", "20:world-{}"])
def test_digests_of_an_earlier_version_are_no_distinct_inputs_and_are_counted(world: str) -> None:
    old = [replace(one, world=world.format(one.id)) for one in production()]
    case = passing().but_runs(old)
    assert case.criterion("production: rate").answer is Answer.INCONCLUSIVE
    named = next(text for text in case.verdict.not_counted if "digests an earlier version made" in text)
    assert named.startswith(f"{len(old):,} runs")


def test_what_differed_counts_whatever_version_made_its_digest() -> None:
    old = [replace(one, world="world") for one in production()]
    odd = replace(old[0], verdict=Verdict.UNSAFE, clusters=("cc" * 32,), unsafe=("cc" * 32,))
    case = passing().but_runs([*production(), odd])
    assert case.criterion("effects that differ").answer is Answer.FAIL
    assert "1 differ" in case.criterion("production: rate").detail
    assert SEAMS
