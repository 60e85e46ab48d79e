"""Where prices become the floats that indicators work on."""

from datetime import date

from trading.market.port import MarketData
from trading.strategies.strategy import InsufficientHistory


def last_closes(prices: MarketData, symbol: str, as_of: date, n: int) -> list[float]:
    """Exactly the last `n` closes until `as_of`, oldest first; raises InsufficientHistory."""
    closes = prices.closes(symbol, as_of, n)
    if len(closes) < n:
        raise InsufficientHistory(f"{symbol} has {len(closes)} closes until {as_of}, {n} are needed")
    return [float(close) for close in closes]
