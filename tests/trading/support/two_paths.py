"""The same days through either orchestration, and what differs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from tests.trading.support.desks import front_door, open_desk
from trading.composition import TradingPath
from trading.domain.account import PortfolioState
from trading.domain.order import Fill, Order
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.port import Notification
from trading.results import ResultDict
from trading.screens.progress import show_progress
from trading.settings import Settings

PLAN_NAME = re.compile(r"plan-[\w-]+?(?=[.'\"]|$)")


@dataclass(frozen=True)
class Lived:
    """What a path returned, told and did."""

    results: list[ResultDict | None]
    mail: list[Notification]
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    state: PortfolioState


def lived(
    path: TradingPath, sessions: Sequence[date], settings: Settings, *, progress: bool = False
) -> Lived:
    """Trade a fresh account through these sessions."""
    desk, mail = open_desk(settings, load_bundled(), sessions[0])
    results = []
    with desk:
        door = front_door(desk, path)

        def trade(session: date) -> date:
            desk.clock.advance_to(session_time(session))
            door.execute_trading()
            results.append(door.results)
            return session

        days = map(trade, sessions)
        if progress:
            show_progress(days, len(sessions), label=lambda session: f"{path.value} {session}")
        else:
            list(days)
        broker = desk.broker
        return Lived(results, mail, tuple(broker.orders()), tuple(broker.fills()), broker.state())


def differences(sessions: Sequence[date], legacy: Lived, candidate: Lived) -> list[str]:
    """What is not the same, by session or by number; names of plans aside."""
    days = [str(session) for session in sessions]
    return [
        *_unequal("results", days, legacy.results, candidate.results),
        *_unequal("notification", days, legacy.mail, candidate.mail),
        *_unequal("order", [], legacy.orders, candidate.orders),
        *_unequal("fill", [], legacy.fills, candidate.fills),
        *_unequal("final account", [], [legacy.state], [candidate.state]),
    ]


def _unequal(what: str, names: Sequence[str], old: Sequence[Any], new: Sequence[Any]) -> list[str]:
    pairs = enumerate(zip_longest(old, new, fillvalue="nothing"))
    return [
        f"{what} {names[at] if at < len(names) else at + 1}: {before!r} became {after!r}"
        for at, (before, after) in pairs
        if PLAN_NAME.sub("PLAN", repr(before)) != PLAN_NAME.sub("PLAN", repr(after))
    ]
