from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.evidence.confidence import comparisons_needed, is_excluded, percent_above, upper_bound


@pytest.mark.parametrize(
    ("divergences", "comparisons", "bound"),
    [(1, 1000, 0.00473499), (3, 10000, 0.000775181), (10, 100000, 0.000169616)],
)
def test_the_bound_agrees_with_the_reference_to_six_digits(
    divergences: int, comparisons: int, bound: float
) -> None:
    assert f"{upper_bound(divergences, comparisons):.6g}" == f"{bound:.6g}"


@pytest.mark.parametrize(
    ("rate", "confidence", "needed"),
    [
        (0.01, 0.95, 299),
        (0.001, 0.95, 2995),
        (0.0001, 0.95, 29956),
        (0.01, 0.99, 459),
        (0.001, 0.99, 4603),
        (0.0001, 0.99, 46050),
    ],
)
def test_so_many_comparisons_exclude_a_rate(rate: float, confidence: float, needed: int) -> None:
    assert comparisons_needed(rate, confidence) == needed


@given(st.integers(1, 400), st.data())
def test_the_bound_is_where_the_binomial_tail_meets_the_confidence(
    comparisons: int, data: st.DataObject
) -> None:
    divergences = data.draw(st.integers(0, comparisons - 1))
    bound = upper_bound(divergences, comparisons)
    tail = sum(
        comb(comparisons, count) * bound**count * (1 - bound) ** (comparisons - count)
        for count in range(divergences + 1)
    )
    assert isclose(tail, 0.05, rel_tol=1e-6)
    assert divergences / comparisons < bound <= 1


@given(st.floats(1e-9, 1.0))
def test_a_rate_is_never_printed_smaller_than_it_is(rate: float) -> None:
    shown = float(percent_above(rate).removesuffix(" %"))
    assert rate * 100 <= shown * (1 + 1e-12)
    assert shown <= rate * 100 * 1.011


def test_an_upper_bound_is_rounded_up() -> None:
    assert percent_above(0.0013827) == "0.139 %"
    assert percent_above(upper_bound(0, 1951)) == "0.154 %"


def test_nothing_compared_excludes_nothing() -> None:
    assert upper_bound(0, 0) == 1.0
    assert percent_above(1.0) == "100 %"


@pytest.mark.parametrize(("divergences", "comparisons"), [(-1, 3), (4, 3)])
def test_impossible_counts_have_no_bound(divergences: int, comparisons: int) -> None:
    with pytest.raises(ValueError, match="no bound for"):
        upper_bound(divergences, comparisons)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_a_rate_is_excluded_exactly_where_the_bound_is_no_larger(confidence: float) -> None:
    for comparisons in (1, 2, 7, 50, 299, 773, 1_200):
        for divergences in (one for one in (0, 1, 2, 3, 7) if one <= comparisons):
            bound = upper_bound(divergences, comparisons, confidence)
            for rate in (0.001, 0.01, 0.05, 0.2, bound, bound * 0.999_999, min(1.0, bound * 1.000_001)):
                found = is_excluded(rate, divergences, comparisons, confidence)
                assert found == (bound <= rate), (rate, divergences, comparisons)
