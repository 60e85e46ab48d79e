"""The RSI ladder buys more of what fell further and sells what is overbought."""

from decimal import Decimal

import pytest

from tests.trading.support.made_market import TODAY, MadeMarket, drifting
from trading.domain.signal import Signal, SignalAction
from trading.strategies.rsi_ladder import RsiLadder, Rung
from trading.strategies.strategy import InsufficientHistory

STRATEGY = RsiLadder(symbols=("A", "B"))


def swinging(up: float, down: float) -> list[float]:
    """Closes that gain `up` and lose `down` in turn: RSI(14) tends to 100 x 13 up / (13 up + 14 down)."""
    closes = [1_000.0]
    while len(closes) < 141:
        closes += [closes[-1] + up, closes[-1] + up - down]
    return closes


def said(closes: list[float]) -> Signal:
    return STRATEGY.evaluate(MadeMarket({"A": closes, "B": drifting(0.001)}), TODAY)[0]


@pytest.mark.parametrize(
    ("up", "down", "action", "weight", "reason"),
    [
        (1, 3, SignalAction.BUY, "0.500000", "RSI(14) 23.6 is below 30: 100 % of a slot"),
        (2, 3, SignalAction.BUY, "0.375000", "RSI(14) 38.2 is below 40: 75 % of a slot"),
        (3, 4, SignalAction.BUY, "0.250000", "RSI(14) 41.1 is below 50: 50 % of a slot"),
        (5, 4, SignalAction.BUY, "0.125000", "RSI(14) 53.7 is below 60: 25 % of a slot"),
        (2, 1, SignalAction.HOLD, "0", "RSI(14) 65.0 is between 60 and 70: no opinion"),
        (4, 1, SignalAction.SELL, "0", "RSI(14) 78.8 is overbought, at or above 70"),
    ],
)
def test_the_rsi_decides_how_much_of_a_slot_is_filled(
    up: float, down: float, action: SignalAction, weight: str, reason: str
) -> None:
    signal = said(swinging(up, down))

    assert (signal.action, str(signal.target_weight), signal.reason) == (action, weight, reason)


def test_a_price_that_never_moves_is_neither_bought_in_full_nor_sold() -> None:
    assert said([50.0] * 200).reason == "RSI(14) 50.0 is below 60: 25 % of a slot"


def test_closes_before_the_needed_history_do_not_matter() -> None:
    closes = swinging(3, 4)[-141:]

    assert said([1.0, 900.0, *closes]) == said(closes)


def test_too_little_history_says_which_stock_has_how_much() -> None:
    market = MadeMarket({"A": drifting(0.001), "B": drifting(0.001, days=140)})

    with pytest.raises(InsufficientHistory, match=r"^B has 140 closes until 2010-06-30, 141 are needed$"):
        STRATEGY.evaluate(market, TODAY)


@pytest.mark.parametrize(
    ("ladder", "overbought"),
    [
        ((), 70),
        ((Rung(40, Decimal(1)), Rung(30, Decimal(1))), 70),
        ((Rung(30, Decimal(1)), Rung(30, Decimal(1))), 70),
        ((Rung(0, Decimal(1)),), 70),
        ((Rung(30, Decimal(1)), Rung(80, Decimal(1))), 70),
        ((Rung(30, Decimal(1)),), 101),
    ],
)
def test_bounds_that_are_no_ladder_are_refused(ladder: tuple[Rung, ...], overbought: int) -> None:
    with pytest.raises(ValueError, match=r"bounds of the ladder were .*, allowed: "):
        RsiLadder(ladder=ladder, overbought=overbought)


@pytest.mark.parametrize("fraction", ["0", "-1", "1.1", "0.00000001"])
def test_fractions_that_are_no_part_of_a_slot_are_refused(fraction: str) -> None:
    with pytest.raises(ValueError, match=r"fractions of the ladder were .*, allowed: "):
        RsiLadder(ladder=(Rung(30, Decimal(fraction)),))
