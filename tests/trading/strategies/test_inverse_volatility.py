"""Inverse volatility gives calm funds more than restless ones."""

import pytest

from tests.trading.support.made_market import TODAY, MadeMarket
from trading.domain.money import ONE, ZERO
from trading.domain.signal import Signal, SignalAction
from trading.strategies.inverse_volatility import InverseVolatility
from trading.strategies.strategy import InsufficientHistory

STRATEGY = InverseVolatility(symbols=("A", "B"))


def shaking(step: float, days: int = 61) -> list[float]:
    """Closes around 100 whose returns are + and - about `step` in turn."""
    return [100.0 * (1.0 + step * (n % 2)) for n in range(days)]


def signals(a: list[float], b: list[float]) -> list[Signal]:
    return STRATEGY.evaluate(MadeMarket({"A": a, "B": b}), TODAY)


def test_a_fund_that_moves_three_times_as_much_gets_a_third_of_the_others_weight() -> None:
    calm, restless = signals(shaking(0.01), shaking(0.03))

    assert float(calm.target_weight / restless.target_weight) == pytest.approx(3.0, rel=0.01)
    assert calm.reason == "60-day volatility 15.9 %; weight 74.8 %"


def test_equal_volatilities_get_equal_weights() -> None:
    assert [str(signal.target_weight) for signal in signals(shaking(0.01), shaking(0.01))] == ["0.500000"] * 2


def test_a_fund_that_did_not_move_is_held_and_the_other_takes_its_part() -> None:
    still, moving = signals([50.0] * 61, shaking(0.01))

    assert (still.action, still.target_weight) == (SignalAction.HOLD, ZERO)
    assert still.reason == "the price did not move in 60 days: no volatility to divide by"
    assert (moving.action, moving.target_weight) == (SignalAction.BUY, ONE)


def test_nothing_is_bought_when_nothing_moved() -> None:
    assert {signal.action for signal in signals([50.0] * 61, [60.0] * 61)} == {SignalAction.HOLD}


def test_a_weight_too_small_to_write_is_held() -> None:
    hardly, wildly = 1_000_000.0, [100.0, 10_000_000.0] * 30 + [100.0]
    closes = [*[hardly] * 60, hardly + 0.01]

    calm, restless = signals(closes, wildly)

    assert calm.action is SignalAction.BUY
    assert (restless.action, restless.target_weight) == (SignalAction.HOLD, ZERO)
    assert restless.reason.endswith("leaves no weight to speak of")


def test_too_little_history_says_which_fund_has_how_much() -> None:
    with pytest.raises(InsufficientHistory, match=r"^B has 60 closes until 2010-06-30, 61 are needed$"):
        signals(shaking(0.01), shaking(0.01, days=60))


def test_a_window_without_a_sample_deviation_is_refused() -> None:
    with pytest.raises(ValueError, match="volatility_days was 1, allowed: 2 or more"):
        InverseVolatility(volatility_days=1)
