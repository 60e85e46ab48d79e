"""Accounts on files with something to look at, made by runs of the real system."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from tests.trading.support.desks import front_door
from trading.composition import TradingPath, open_desk
from trading.desk import Desk
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.messages.envelope import BaseEvent
from trading.handlers.subscriptions import subscriptions
from trading.market.calendar import session_time
from trading.market.history import PriceHistory, load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.notify.port import Notification
from trading.settings import Settings

DAY = date(2011, 8, 9)
HOSTILE = "<script>alert(1)</script>\"'\\\n{{7*7}}"
PRICES: PriceHistory = load_bundled()


class Refusing:
    """A notifier with a defect."""

    def send(self, notification: Notification) -> None:
        """Raise."""
        raise ValueError(HOSTILE)


class Ended(BaseException):
    """The process is gone."""


@contextmanager
def desk_on(account: Path, day: date = DAY, *, notifier: Any = None) -> Iterator[Desk]:
    """A desk on a file, at a session."""
    chosen = notifier or MemoryNotifier()
    with open_desk(Settings(), PRICES, account=account, now=session_time(day), notifier=chosen) as desk:
        yield desk


def trade(account: Path, day: date = DAY, *, notifier: Any = None) -> None:
    """One trading run on events."""
    with desk_on(account, day, notifier=notifier) as desk:
        front_door(desk, TradingPath.CANDIDATE).execute_trading()


def trade_with_defect(account: Path, name: str, day: date = DAY, *, after: bool) -> None:
    """A run in which one handler always fails, before or after it has done its work."""
    with desk_on(account, day) as desk:
        bus = EventBus(clock=desk.clock, ids=desk.services.ids, journal=desk.journal)
        for event_class, handle, known_as in subscriptions(desk.services, desk.settings):
            failing = _failing(handle, after=after) if known_as == name else handle
            bus.subscribe(event_class, failing, name=known_as)
        door = front_door(replace(desk, bus=bus), TradingPath.CANDIDATE)
        assert not door.execute_trading()


def end_in_the_middle(account: Path, day: date = DAY, *, settled: int = 8) -> None:
    """A run whose process is gone after so many handlings."""
    with desk_on(account, day) as desk:
        settle: Callable[[Any], Any] = desk.journal.settle
        seen: list[object] = []

        def count(settlement: Any) -> Any:
            seen.append(settlement)
            if len(seen) == settled:
                raise Ended
            return settle(settlement)

        desk.journal.settle = count  # type: ignore[method-assign]
        try:
            front_door(desk, TradingPath.CANDIDATE).execute_trading()
        except Ended:
            return
    raise AssertionError("the run came to its end")


def orders_of(account: Path) -> list[tuple[str, str, str, str]]:
    """Name, symbol, side and quantity of every order that the account ever took."""
    with open_desk(Settings(), PRICES, account=account, now=None, notifier=MemoryNotifier()) as desk:
        return sorted(
            (order.client_order_id, order.symbol, order.side.value, str(order.quantity))
            for order in desk.broker.orders()
        )


def _failing(handle: Callable[[Any, Handling], None], *, after: bool) -> Callable[[Any, Handling], None]:
    def fails(event: BaseEvent, handling: Handling) -> None:
        if after:
            handle(event, handling)
        raise ZeroDivisionError("a defect, on purpose")

    fails.__module__ = handle.__module__
    return fails
