"""The port through which both paths see prices."""

from datetime import date
from decimal import Decimal
from typing import Protocol


class MarketDataError(Exception):
    """A question that prices cannot answer: unknown symbol, or a day that lies ahead."""


class MarketData(Protocol):
    """Daily closes as they were known at one moment; asking on day D never sees D+1."""

    def closes(self, symbol: str, until: date, n: int) -> tuple[Decimal, ...]:
        """The last `n` closes up to and including `until`, oldest first; fewer where history is shorter.

        Raises MarketDataError for an unknown symbol and for an `until` after today.
        """
        ...

    def sessions(self) -> tuple[date, ...]:
        """The calendar: every day on which all symbols have a price, past and future, ascending."""
        ...

    def latest_price(self, symbol: str) -> Decimal | None:
        """The price of today's session, or of the last one before; None where there is none yet."""
        ...
