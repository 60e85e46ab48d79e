"""Desks for tests: the real composition on made-up or real prices, with everything in memory."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trading import composition
from trading.composition import DEFAULT_PATH, TradingPath
from trading.desk import Desk, FrontDoor
from trading.display import NoDisplay
from trading.market.calendar import session_time
from trading.market.history import PriceHistory, Series
from trading.notify.notifiers import MemoryNotifier
from trading.notify.port import Notification
from trading.results import ResultDict
from trading.settings import Settings

FIRST_DAY = date(2020, 1, 6)
SMALL_STRATEGIES: dict[str, Any] = {
    "rsi_ladder": {"weight": "0.5", "symbols": ("AAA", "BBB"), "period": 3},
    "inverse_volatility": {"weight": "0.5", "symbols": ("BBB", "CCC"), "volatility_days": 4},
}


def weekdays(count: int) -> tuple[date, ...]:
    """That many days from Monday, FIRST_DAY, without weekends."""
    days = (FIRST_DAY + timedelta(days=offset) for offset in range(count * 2))
    return tuple(day for day in days if day.weekday() < 5)[:count]


def made_prices(closes: Mapping[str, Sequence[Decimal]]) -> PriceHistory:
    """A price history of equally long columns, one weekday a row."""
    days = weekdays(len(next(iter(closes.values()))))
    series = {symbol: Series(days, tuple(column)) for symbol, column in closes.items()}
    return PriceHistory(tuple(sorted(series)), days, series)


def open_desk(settings: Settings, prices: PriceHistory, session: date) -> tuple[Desk, list[Notification]]:
    """A desk on an account in memory, shortly before that session's close, and the messages it sends."""
    notifier = MemoryNotifier()
    desk = composition.open_desk(settings, prices, account=None, now=session_time(session), notifier=notifier)
    return desk, notifier.sent


def front_door(desk: Desk, path: TradingPath = DEFAULT_PATH) -> FrontDoor:
    """The entry points of one path; what they show is in `results`."""
    return composition.front_door(desk, path, NoDisplay())


def trade_once(desk: Desk, path: TradingPath = DEFAULT_PATH) -> ResultDict:
    """The results of one trading run at the front door."""
    door = front_door(desk, path)
    door.execute_trading(again=True)
    assert door.results is not None
    return door.results
