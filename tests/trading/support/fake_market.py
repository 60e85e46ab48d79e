"""A market of prices that tests set, and sessions from 14:30 to 21:00 UTC on weekdays."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from trading.market.port import MarketDataError

OPEN, CLOSE = time(14, 30), time(21)


def is_open(moment: datetime) -> bool:
    return moment.weekday() < 5 and OPEN <= moment.time() < CLOSE


def at(day: int, hour: int, minute: int = 0, second: float = 0) -> datetime:
    """A moment of January 2016, in which the 4th is a Monday."""
    whole = int(second)
    return datetime(2016, 1, day, hour, minute, whole, round((second - whole) * 1e6), tzinfo=UTC)


class FakeMarket:
    """Prices of one day; a price of None is a symbol that is known and has none."""

    def __init__(self, prices: Mapping[str, Decimal | None]) -> None:
        self.prices = dict(prices)

    def closes(self, symbol: str, until: date, n: int) -> tuple[Decimal, ...]:
        price = self.latest_price(symbol)
        return () if price is None else (price,)

    def sessions(self) -> tuple[date, ...]:
        return ()

    def latest_price(self, symbol: str) -> Decimal | None:
        if symbol not in self.prices:
            raise MarketDataError(f"{symbol}: unknown symbol")
        return self.prices[symbol]
