"""What every strategy is."""

from datetime import date
from typing import Protocol

from trading.domain.signal import Signal
from trading.market.port import MarketData


class InsufficientHistory(Exception):
    """The strategy needs more closes than there are; it says nothing rather than guess."""


class Strategy(Protocol):
    """A named function from prices up to a day to signals for that day."""

    @property
    def name(self) -> str:
        """The name under which settings give it a weight."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol it may speak about, in symbol order."""
        ...

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """A signal for each of its symbols, weights adding up to at most 1; raises InsufficientHistory."""
        ...
