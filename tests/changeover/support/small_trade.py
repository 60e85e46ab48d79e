"""A small trade: a broker, a mailbox, a clock and a source of identifiers, and a migration over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from changeover import Migration, Run


@dataclass(frozen=True)
class Order:
    order_id: str
    client_id: str
    symbol: str
    side: str
    quantity: int
    status: str = "open"


class Rejected(Exception):
    """Takes other arguments than it hands on, as many exceptions do."""

    def __init__(self, symbol: str) -> None:
        super().__init__(f"{symbol} was rejected")
        self.symbol = symbol


class Broker:
    """Fills an order when it is looked at for the second time."""

    def __init__(self) -> None:
        self.held = {"SPY": 10, "TLT": 4}
        self.orders: dict[str, Order] = {}
        self.looks: dict[str, int] = {}

    def submit(self, client_id: str, symbol: str, side: str, quantity: int) -> Order:
        if symbol not in self.held:
            raise Rejected(symbol)
        order = Order(f"broker-{len(self.orders) + 1}", client_id, symbol, side, quantity)
        self.orders[order.order_id] = order
        return order

    def get(self, order_id: str) -> Order:
        self.looks[order_id] = self.looks.get(order_id, 0) + 1
        if self.looks[order_id] == 2:
            order = self.orders[order_id] = replace(self.orders[order_id], status="filled")
            self.held[order.symbol] += order.quantity if order.side == "BUY" else -order.quantity
        return self.orders[order_id]

    def find(self, client_id: str) -> Order | None:
        return next((order for order in self.orders.values() if order.client_id == client_id), None)

    def positions(self) -> dict[str, int]:
        return dict(self.held)

    def quote(self, symbol: str) -> int:
        return {"SPY": 400, "TLT": 90}[symbol]


class Mailbox:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, to: str, text: str) -> None:
        self.sent.append((to, text))


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2020, 1, 2, 15, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


class Ids:
    def __init__(self, start: int = 1) -> None:
        self._numbers = count(start)

    def new(self) -> str:
        return f"id-{next(self._numbers)}"


class Trade:
    """One desk with its ports, and the runs that its seams made."""

    def __init__(self, *, stage: str = "shadow", seam: str = "trade", **options: Any) -> None:
        self.broker, self.mailbox, self.clock, self.ids = Broker(), Mailbox(), Clock(), Ids()
        self.runs: list[Run] = []
        name = "CHANGEOVER_STAGE_" + seam.upper()
        environment = options.pop("environment", {name: stage})
        self.migration = Migration(sink=self.runs.append, environment=environment, refresh_s=0, **options)
        self.seam_name = seam
        self.migration.port(
            "broker",
            Broker,
            effects={"submit": lambda client_id, symbol, side, quantity: (symbol, side)},
            reads={"get", "find", "positions", "quote"},
            unaffected={"quote"},
            world=_copy_of,
        )
        self.migration.port("mailbox", Mailbox, effects={"send": lambda to, text: to})
        self.migration.port("clock", Clock, clock={"now", "sleep"})
        self.migration.port("ids", Ids, local={"new"})

    def run(self, legacy: Callable[[Trade], Any], candidate: Callable[[Trade], Any], **options: Any) -> Run:
        """Pass once through a seam with these two paths."""
        seam = self.migration.seam(
            self.seam_name, legacy=lambda day: legacy(self), candidate=lambda day: candidate(self), **options
        )
        seam("2020-01-02")
        return self.runs[-1]

    def kinds(self) -> list[str]:
        """What differed in the last run."""
        return [f"{found.kind} {found.place}" for found in self.runs[-1].divergences]


def _copy_of(broker: Broker) -> Broker:
    made = Broker()
    made.held, made.orders, made.looks = dict(broker.held), dict(broker.orders), dict(broker.looks)
    return made
