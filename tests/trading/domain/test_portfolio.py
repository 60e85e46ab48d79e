"""Signals of several strategies become one target that uses all of the account, and no more."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.support.values import DAY, failed, said
from trading.domain.portfolio import consolidate
from trading.domain.signal import Signal, SignalAction, StrategySignals

SYMBOLS = ("AAA", "BBB", "CCC")


@st.composite
def signals_of(draw: st.DrawFn, name: str, weight: Decimal) -> StrategySignals:
    if draw(st.booleans()):
        return StrategySignals(name, weight, (), failure="too little history")
    parts = draw(st.lists(st.integers(0, 1000), min_size=3, max_size=3))
    whole = sum(parts) or 1
    actions = draw(st.lists(st.sampled_from(SignalAction), min_size=3, max_size=3))
    return StrategySignals(
        name,
        weight,
        tuple(
            Signal(name, symbol, action, Decimal(part) / whole * (action is SignalAction.BUY), "", DAY)
            for symbol, action, part in zip(SYMBOLS, actions, parts, strict=True)
        ),
    )


@st.composite
def days_of_signals(draw: st.DrawFn) -> list[StrategySignals]:
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=2, max_size=2)))
    weights = [Decimal(part) / 100 for part in (cuts[0], cuts[1] - cuts[0], 100 - cuts[1])]
    return [draw(signals_of(name, weight)) for name, weight in zip("xyz", weights, strict=True)]


@given(days_of_signals())
def test_targets_and_cash_add_up_to_exactly_one(day: list[StrategySignals]) -> None:
    portfolio = consolidate(day)
    assert sum(portfolio.target_allocations.values()) + portfolio.cash_weight == 1


@given(days_of_signals())
def test_no_target_and_no_cash_is_negative(day: list[StrategySignals]) -> None:
    portfolio = consolidate(day)
    assert min([portfolio.cash_weight, *portfolio.target_allocations.values()]) >= 0


@given(days_of_signals())
def test_targets_are_the_same_in_whatever_order_strategies_speak(day: list[StrategySignals]) -> None:
    backwards = consolidate(day[::-1])
    assert consolidate(day).target_allocations == backwards.target_allocations
    assert list(backwards.target_allocations) == sorted(backwards.target_allocations)


@given(days_of_signals())
def test_a_symbol_is_a_conflict_exactly_where_one_buys_what_another_sells(
    day: list[StrategySignals],
) -> None:
    sides = {
        symbol: {signal.action for one in day for signal in one.signals if signal.symbol == symbol}
        for symbol in SYMBOLS
    }
    disputed = [
        symbol for symbol, actions in sides.items() if {SignalAction.BUY, SignalAction.SELL} <= actions
    ]
    assert [conflict.symbol for conflict in consolidate(day).conflicts] == disputed


def test_each_target_is_scaled_by_the_share_of_its_strategy() -> None:
    portfolio = consolidate([said("x", "0.6", AAA="0.5"), said("y", "0.4", AAA="0.25", BBB="0.75")])
    assert portfolio.target_allocations == {"AAA": Decimal("0.4"), "BBB": Decimal("0.3")}
    assert portfolio.cash_weight == Decimal("0.3")


def test_thirds_are_rounded_down_and_the_rest_is_cash() -> None:
    third = str(Decimal(1) / 3)
    portfolio = consolidate([said("x", "1", AAA=third, BBB=third, CCC=third)])
    assert set(portfolio.target_allocations.values()) == {Decimal("0.333333")}
    assert portfolio.cash_weight == Decimal("0.000001")


def test_the_money_of_a_strategy_that_failed_is_cash() -> None:
    portfolio = consolidate([said("x", "0.6", AAA="1"), failed("y", "0.4", "no history")])
    assert portfolio.cash_weight == Decimal("0.4")
    assert portfolio.failures == {"y": "no history"}


def test_a_sell_cancels_no_other_strategys_buy_and_is_reported() -> None:
    portfolio = consolidate([said("x", "0.6", AAA="1"), said("y", "0.4", AAA="SELL")])
    [conflict] = portfolio.conflicts
    assert (conflict.buyers, conflict.sellers) == (("x",), ("y",))
    assert conflict.target_weight == portfolio.target_allocations["AAA"] == Decimal("0.6")


def test_a_hold_asks_for_nothing_and_disputes_nothing() -> None:
    portfolio = consolidate([said("x", "0.6", AAA="1"), said("y", "0.4", AAA="HOLD")])
    assert portfolio.target_allocations == {"AAA": Decimal("0.6")}
    assert portfolio.conflicts == ()
