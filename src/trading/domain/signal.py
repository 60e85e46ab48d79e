"""What a strategy says about a symbol on a day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class SignalAction(StrEnum):
    """BUY wants a position of the signal's weight, SELL wants none, HOLD has no opinion (weight 0)."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class Signal:
    """One strategy's wish for one symbol; `target_weight` is a fraction of that strategy's own money."""

    strategy: str
    symbol: str
    action: SignalAction
    target_weight: Decimal
    reason: str
    as_of: date


@dataclass(frozen=True, slots=True)
class StrategySignals:
    """All that one strategy said on a day, or why it said nothing; `weight` is its share of the account."""

    strategy: str
    weight: Decimal
    signals: tuple[Signal, ...]
    failure: str | None = None
