"""Trend rotation holds the strongest rising equity funds and flees into the best rising bond fund."""

from decimal import Decimal

import pytest

from tests.trading.support.made_market import TODAY, MadeMarket, drifting
from trading.domain.signal import Signal, SignalAction
from trading.strategies.strategy import InsufficientHistory
from trading.strategies.trend_rotation import TrendRotation

STRATEGY = TrendRotation(equity_funds=("E1", "E2", "E3"), bond_funds=("B1", "B2"), slots=2)


def signals(**drifts: float) -> dict[str, Signal]:
    market = MadeMarket({symbol: drifting(per_day) for symbol, per_day in drifts.items()})
    return {signal.symbol: signal for signal in STRATEGY.evaluate(market, TODAY)}


def weights(said: dict[str, Signal]) -> dict[str, str]:
    return {symbol: str(signal.target_weight) for symbol, signal in said.items() if signal.target_weight}


def test_the_strongest_rising_equity_funds_get_a_slot_each() -> None:
    said = signals(E1=0.001, E2=0.003, E3=0.002, B1=0.004, B2=0.001)

    assert weights(said) == {"E2": "0.500000", "E3": "0.500000"}
    assert said["E1"].action is SignalAction.SELL
    assert said["E1"].reason.endswith("; not among the best 2")
    assert said["B1"].reason.endswith("; no slot is empty")


def test_empty_slots_go_to_the_best_rising_bond_fund() -> None:
    said = signals(E1=0.001, E2=-0.003, E3=-0.002, B1=0.0005, B2=0.0007)

    assert weights(said) == {"B2": "0.500000", "E1": "0.500000"}
    assert said["B2"].reason.endswith("; takes 1 of 2 slots")
    assert said["B1"].reason.endswith("; another bond fund is better")


def test_all_slots_go_to_bonds_when_no_equity_fund_rises() -> None:
    assert weights(signals(E1=-0.001, E2=-0.003, E3=-0.002, B1=0.0007, B2=0.0005)) == {"B1": "1.000000"}


def test_it_is_all_cash_when_nothing_rises() -> None:
    said = signals(E1=-0.001, E2=-0.003, E3=-0.002, B1=-0.001, B2=-0.002)

    assert weights(said) == {}
    assert {signal.action for signal in said.values()} == {SignalAction.SELL}


def test_a_fund_above_its_average_that_lost_over_90_days_does_not_rise() -> None:
    fell_then_recovered = [80.0] * 110 + [120.0] * 60 + [101.0] * 80
    market = MadeMarket(
        {"E1": fell_then_recovered, **{symbol: drifting(-0.001) for symbol in ("E2", "E3", "B1", "B2")}}
    )

    said = next(signal for signal in STRATEGY.evaluate(market, TODAY) if signal.symbol == "E1")

    assert said.action is SignalAction.SELL
    assert said.reason == "101.00 is above its 200-day average 100.40; 90-day return -15.8 %"


def test_funds_of_equal_return_are_ranked_by_symbol() -> None:
    assert list(weights(signals(E1=0.001, E2=0.001, E3=0.001, B1=0.001, B2=0.001))) == ["E1", "E2"]


def test_the_reason_carries_the_figures() -> None:
    said = signals(E1=0.001, E2=0.001, E3=-0.001, B1=0.001, B2=0.001)

    assert said["E1"].reason == "100.00 is above its 200-day average 90.68; 90-day return 9.4 %"
    assert said["E3"].reason == "100.00 is not above its 200-day average 110.65; 90-day return -8.6 %"


def test_slots_that_do_not_divide_evenly_leave_a_rest_in_cash() -> None:
    strategy = TrendRotation(equity_funds=("E1", "E2"), bond_funds=("B1",), slots=3)
    market = MadeMarket(dict.fromkeys(("E1", "E2", "B1"), drifting(0.001)))

    assert sum(signal.target_weight for signal in strategy.evaluate(market, TODAY)) == Decimal("0.999999")


def test_too_little_history_says_which_fund_has_how_much() -> None:
    market = MadeMarket({"B1": drifting(0.001, days=250), "B2": drifting(0.001, days=190)})

    with pytest.raises(InsufficientHistory) as lacking:
        STRATEGY.evaluate(market, TODAY)

    assert str(lacking.value) == "B2 has 190 closes until 2010-06-30, 200 are needed"


def test_parameters_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="slots was 0, allowed: 1 or more"):
        TrendRotation(slots=0)
    with pytest.raises(ValueError, match=r"equity_funds was XLK, EFA, allowed: .*; write EFA, XLK"):
        TrendRotation(equity_funds=("XLK", "EFA"))
    with pytest.raises(ValueError, match=r"equity_funds and bond_funds was .* each once"):
        TrendRotation(equity_funds=("SPY", "TLT"), bond_funds=("TLT",))
