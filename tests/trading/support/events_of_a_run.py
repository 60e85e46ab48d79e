"""Every event of a real trading run on made-up prices."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from tests.trading.support.deaths import FIRST, PRICES, settings_with
from tests.trading.support.desks import open_desk, trade_once
from trading.composition import TradingPath
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.startup import StartupMode


@cache
def events_of_a_run() -> Sequence[BaseEvent]:
    """From the request to the end, and that of the start-up before it."""
    desk, _ = open_desk(settings_with(), PRICES, FIRST)
    with desk:
        begun: list[BaseEvent] = []
        desk.bus.observe(begun.append)
        desk.announce_startup(StartupMode.TRADE)
        trade_once(desk, TradingPath.CANDIDATE)
        desk.clock.sleep(timedelta(hours=2).total_seconds())
        desk.bus.run_until(lambda: True)
    return tuple(begun)
