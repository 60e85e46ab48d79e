"""How an account did, against sums done by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.performance import Drawdown, EquityCurve, held_throughout

START = Decimal(100)


def curve_of(*values: int, first: date = date(2015, 12, 28)) -> EquityCurve:
    days = tuple(first + timedelta(days=index) for index in range(len(values)))
    return EquityCurve(days, tuple(map(Decimal, values)))


@st.composite
def curves(draw: st.DrawFn) -> EquityCurve:
    values = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
    gaps = draw(st.lists(st.integers(1, 500), min_size=len(values), max_size=len(values)))
    days, day = [], date(2008, 1, 1)
    for gap in gaps:
        day += timedelta(days=gap)
        days.append(day)
    return EquityCurve(tuple(days), tuple(map(Decimal, values)))


def test_the_deepest_fall_is_found_by_hand_and_by_us() -> None:
    # 100, 120, 90 (a quarter below 120), 130, 104 (a fifth below 130), 140
    fall = curve_of(100, 120, 90, 130, 104, 140).maximum_drawdown()
    assert fall == Drawdown(Decimal("0.25"), date(2015, 12, 29), date(2015, 12, 30))


def test_a_later_low_of_the_same_fall_is_its_trough() -> None:
    assert curve_of(100, 90, 95, 80).maximum_drawdown().trough == date(2015, 12, 31)


def test_values_that_never_fall_have_no_drawdown() -> None:
    assert curve_of(100, 100, 110).maximum_drawdown().depth == 0


def test_the_total_return_counts_from_the_money_at_the_start() -> None:
    assert curve_of(110, 150).total_return(START) == Decimal("0.5")


def test_the_first_year_counts_from_the_money_at_the_start_and_the_next_from_its_end() -> None:
    curve = curve_of(100, 105, 108, 110, 99)  # 28 to 31 December, 1 January
    assert curve.yearly_returns(START) == {2015: Decimal("0.1"), 2016: Decimal("-0.1")}


def test_an_untouched_holding_follows_its_closes() -> None:
    days = (date(2015, 1, 1), date(2015, 1, 2))
    held = held_throughout(days, (Decimal(20), Decimal(25)), START)
    assert held.values == (Decimal(100), Decimal(125))


@given(curves())
def test_yearly_returns_chain_to_the_total(curve: EquityCurve) -> None:
    chained = Decimal(1)
    for gain in curve.yearly_returns(START).values():
        chained *= 1 + gain
    assert float(chained) == pytest.approx(float(1 + curve.total_return(START)), rel=1e-18)


@given(curves())
def test_no_fall_from_an_earlier_to_a_later_day_is_deeper_than_the_drawdown(curve: EquityCurve) -> None:
    falls = [
        1 - later / earlier for index, earlier in enumerate(curve.values) for later in curve.values[index:]
    ]
    assert curve.maximum_drawdown().depth == max(falls)
