"""The four kinds of workflow, each on an account in memory, and what one leaves behind."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tests.trading.support.deaths import PRICES, SECOND, settings_with
from tests.trading.support.desks import front_door, open_desk
from trading.composition import TradingPath
from trading.desk import Desk, FrontDoor
from trading.notify.port import Notification


class Ended(NamedTuple):
    """What a workflow leaves: `named` says whether each order has a name of its own, `mails` are subjects."""

    states: tuple[str, ...]
    orders: tuple[tuple[str, str, Decimal, str], ...]
    named: bool
    mails: tuple[str, ...]
    undelivered: int
    dead: int


class Kind(StrEnum):
    """What becomes of a workflow that nobody disturbs."""

    COMPLETE = "complete"
    SIGNALS = "signal-only"
    NOTHING = "nothing to trade"
    FAILING = "failing"


@dataclass(frozen=True)
class World:
    """An account that is about to run a workflow of this kind; `begin` runs it."""

    kind: Kind
    desk: Desk
    sent: list[Notification]
    door: FrontDoor

    @classmethod
    def of(cls, kind: Kind) -> "World":
        """Where there shall be nothing to trade, the session has been traded before."""
        faults = {"outage_methods": ["positions"]} if kind is Kind.FAILING else {}
        desk, sent = open_desk(settings_with(**faults), PRICES, SECOND)
        world = cls(kind, desk, sent, front_door(desk, TradingPath.CANDIDATE))
        if kind is Kind.NOTHING:
            world.door.execute_trading()
            sent.clear()
        return world

    def begin(self) -> bool:
        """Run the workflow; whether it was a success."""
        if self.kind is Kind.SIGNALS:
            return self.door.analyze_signals()
        return self.door.execute_trading(again=self.kind is Kind.NOTHING)

    def left(self) -> Ended:
        """As it stands now."""
        orders = self.desk.broker.orders()
        return Ended(
            tuple(record.state for record in self.desk.journal.workflows()),
            tuple(sorted((one.symbol, one.side.value, one.quantity, one.status.value) for one in orders)),
            len({one.client_order_id for one in orders}) == len(orders),
            tuple(message.subject for message in self.sent),
            len(self.desk.journal.undelivered()),
            len(self.desk.journal.dead_letters()),
        )
