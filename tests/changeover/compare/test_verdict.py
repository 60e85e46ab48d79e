"""The verdict of a run is its worst finding, and only sameness that was shown counts as evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from changeover.compare.comparison import Comparison, compare, verdict_of
from changeover.compare.rules import Rules
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.verdict import Verdict
from tests.changeover.support.observations import compared, effect, returned, rule


def verdict(
    comparison: Comparison | None, *, saw: bool = True, waive: frozenset[str] = frozenset()
) -> Verdict:
    return verdict_of(comparison, saw_anything=saw, waived=lambda divergence: divergence.place in waive)


READ_MISSING = Divergence("reads.broker.positions", Kind.READ_MISSING, ABSENT, "positions", 4)
ORDERED = effect("broker.submit", "SPY", 2, quantity=1)
ORDERED_MORE = effect("broker.submit", "SPY", 2, quantity=2)


def test_verdicts_are_declared_from_worst_to_best() -> None:
    assert [verdict.value for verdict in Verdict] == [
        "unsafe",
        "diverged",
        "failed",
        "unpaired",
        "vacuous",
        "waived",
        "tolerated",
        "match",
    ]
    assert [verdict for verdict in Verdict if verdict.is_evidence] == [Verdict.TOLERATED, Verdict.MATCH]
    assert min(Verdict, key=lambda one: one.severity) is Verdict.UNSAFE


def test_equal_values_match() -> None:
    assert verdict(compared({"a": 1}, {"a": 1})) is Verdict.MATCH


def test_a_difference_of_effects_is_unsafe_whatever_else_there_is() -> None:
    comparison = compare(returned(1, ORDERED), returned(2, ORDERED_MORE))
    assert verdict(comparison) is Verdict.UNSAFE


def test_an_effect_is_never_waived() -> None:
    comparison = compare(returned(1, ORDERED), returned(1, ORDERED_MORE))
    everything = frozenset(divergence.place for divergence in comparison.divergences)
    assert verdict(comparison, waive=everything) is Verdict.UNSAFE


def test_a_waived_difference_is_waived_and_another_beside_it_is_not() -> None:
    assert verdict(compared(1, 2), waive=frozenset({"result"})) is Verdict.WAIVED
    both = compared({"a": 1, "b": 1}, {"a": 2, "b": 2})
    assert verdict(both, waive=frozenset({"result.a"})) is Verdict.DIVERGED


def test_what_could_not_be_compared_failed() -> None:
    assert verdict(compared([object()], [object()])) is Verdict.FAILED
    assert verdict(compared([object(), 1], [object(), 2])) is Verdict.DIVERGED


def test_a_run_that_was_dropped_is_unpaired() -> None:
    assert verdict(None) is Verdict.UNPAIRED


@pytest.mark.parametrize("nothing", [None, [], {}, set()])
def test_two_empty_sides_show_nothing(nothing: object) -> None:
    assert verdict(compared(nothing, nothing)) is Verdict.VACUOUS


def test_a_run_without_input_or_read_shows_nothing() -> None:
    assert verdict(compared(1, 1), saw=False) is Verdict.VACUOUS
    assert verdict(compared(1, 2), saw=False) is Verdict.DIVERGED


def test_an_empty_answer_with_effects_is_no_vacuum() -> None:
    assert verdict(compare(returned(None, ORDERED), returned(None, ORDERED))) is Verdict.MATCH


@pytest.mark.parametrize(
    ("settings", "legacy", "candidate", "expected"),
    [
        ('abs = "1"', 1, 2, Verdict.TOLERATED),
        ('abs = "1"', 1, 1, Verdict.MATCH),
        ('order = "any"', [1, 2], [2, 1], Verdict.TOLERATED),
        ("ignore = true", 1, 2, Verdict.TOLERATED),
        ('ignore = true\nmust_be = "int"', 1, 2, Verdict.MATCH),
        ('same_as = "bijection"', "a", "b", Verdict.MATCH),
        ('types = "numeric"', 1, 1.0, Verdict.MATCH),
    ],
)
def test_only_other_values_and_another_order_are_tolerated(
    settings: str, legacy: object, candidate: object, expected: Verdict
) -> None:
    assert verdict(compared(legacy, candidate, rule("result", settings))) is expected


def test_rows_that_match_by_key_in_another_order_are_tolerated() -> None:
    by_key = rule("result", 'match_by = ["id"]')
    rows = [{"id": 1}, {"id": 2}]
    assert verdict(compared(rows, rows[::-1], by_key)) is Verdict.TOLERATED
    assert verdict(compared(rows, list(rows), by_key)) is Verdict.MATCH


def test_what_follows_a_missing_read_proves_nothing() -> None:
    comparison = compare(returned({"a": 1}, ORDERED), returned({"a": 2}), noted=[READ_MISSING])
    assert verdict(comparison) is Verdict.FAILED


def test_an_effect_that_differed_before_the_missing_read_is_still_unsafe() -> None:
    comparison = compare(returned(1, ORDERED), returned(1, ORDERED_MORE), noted=[READ_MISSING])
    assert verdict(comparison) is Verdict.UNSAFE


def test_an_inexact_run_may_match_but_not_be_called_diverged() -> None:
    assert verdict(compare(returned(1), returned(1), inexact_from=3)) is Verdict.MATCH
    assert verdict(compare(returned(1), returned(2), inexact_from=3)) is Verdict.FAILED
    changed = compare(returned(1, ORDERED), returned(1, ORDERED_MORE), inexact_from=3)
    assert verdict(changed) is Verdict.UNSAFE
    assert verdict(compare(returned(1, ORDERED), returned(1, ORDERED_MORE), inexact_from=1)) is Verdict.FAILED


def test_changed_inputs_on_one_side_diverge() -> None:
    comparison = compare(returned(1), replace(returned(1), changed={"arguments": {"price": 2}}), Rules())
    assert [(found.place, found.kind) for found in comparison.divergences] == [
        ("arguments.price", Kind.EXTRA)
    ]
    assert verdict(comparison) is Verdict.DIVERGED


def test_divergences_that_were_left_out_cannot_be_waived_unseen() -> None:
    rows = [{"a": number} for number in range(300)]
    comparison = compared(rows, [{"a": -1} for _ in rows])
    seen = frozenset(divergence.place for divergence in comparison.divergences)
    assert verdict(comparison, waive=seen) is Verdict.DIVERGED
