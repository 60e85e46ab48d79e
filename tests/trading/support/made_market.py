"""Prices made up for a test: the last close of every symbol is that of `TODAY`."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from trading.market.port import MarketDataError

TODAY = date(2010, 6, 30)


class MadeMarket:
    """A `MarketData` with one close for each calendar day up to `TODAY`."""

    def __init__(self, closes: Mapping[str, Sequence[float]]) -> None:
        self._closes = {
            symbol: tuple(Decimal(str(round(close, 4))) for close in made) for symbol, made in closes.items()
        }

    def closes(self, symbol: str, until: date, n: int) -> tuple[Decimal, ...]:
        if symbol not in self._closes or until > TODAY:
            raise MarketDataError(f"{symbol} until {until}")
        known = self._closes[symbol][: len(self._closes[symbol]) - (TODAY - until).days]
        return known[-n:]

    def sessions(self) -> tuple[date, ...]:
        longest = max(map(len, self._closes.values()))
        return tuple(TODAY - timedelta(days=ago) for ago in reversed(range(longest)))

    def latest_price(self, symbol: str) -> Decimal | None:
        return self.closes(symbol, TODAY, 1)[0]


def drifting(per_day: float, days: int = 250, last: float = 100.0) -> list[float]:
    """Closes that change by a constant fraction a day and end at `last`."""
    return [last / (1.0 + per_day) ** ago for ago in reversed(range(days))]
