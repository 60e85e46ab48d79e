"""Where the plan of this migration lies, and the ports through which its paths touch the world."""

from pathlib import Path
from typing import Any

from changeover import Migration
from trading.broker.paper import PaperBroker
from trading.broker.port import BrokerUnavailable, DuplicateOrder, MarketClosed, OrderRejected, ReplyLost
from trading.clock import SimulatedClock
from trading.display import Screen
from trading.domain.order import Order, OrderRequest
from trading.market.history import HistoricalMarketData
from trading.market.port import MarketDataError
from trading.notify.notifiers import Outbox
from trading.notify.port import Notification, NotificationFailed

DIRECTORY = Path(__file__).parents[3] / "migration"
# What ports raise stands in no annotation; a scenario may hold it all the same.
PORT_ERRORS = (
    *(BrokerUnavailable, DuplicateOrder, MarketClosed, OrderRejected, ReplyLost),
    *(MarketDataError, NotificationFailed),
)


def _intent(order: OrderRequest) -> tuple[str, str]:
    return order.symbol, order.side.value


def load_migration() -> Migration:
    """The migration with its ports declared; seams are added by the file of each phase."""
    migration = Migration.load(DIRECTORY)
    migration.port(
        "broker",
        PaperBroker,
        effects={"submit_order": _intent, "cancel_order": str},
        reads={
            "account": None,
            "positions": None,
            "open_orders": None,
            "quote": None,
            "is_market_open": None,
            "get_order": None,
            "find_order": None,
            "orders": None,
            "fills": None,
            "state": None,
            "last_order_at": None,
        },
        local=["copy", "close"],  # the desk's own: no path calls them
        unaffected=["quote", "is_market_open"],
        derive={"find_order": _found},
        world=_copied,
    )
    migration.port("notifier", Outbox, effects={"send": _kind})
    migration.port(
        "display", Screen, effects={"show_signals": _once, "show_trading": _once, "show_failure": _once}
    )
    migration.port("market", HistoricalMarketData, fixed=["closes", "sessions"], reads=["latest_price"])
    migration.port("clock", SimulatedClock, clock=["now", "sleep"], local=["advance_to"])
    migration.codec.register(*PORT_ERRORS)
    return migration


def _copied(broker: PaperBroker) -> PaperBroker:
    """The same account in memory; in a replay its clock tells the replay's time."""
    return broker.copy(market=broker.market, clock=broker.clock)


def _found(recorded: Any, client_order_id: str) -> Order | None:
    """What a path finds under a name of its plan: what it has placed itself under that name, or nothing.

    As the broker knows it by now: what became of the order since is on the tape, or there is no answer.
    """
    for call in recorded["submit_order"]:
        if call.arguments["order"].client_order_id == client_order_id:
            placed: Order = call.outcome.give()
            known: Order = recorded.get_order(placed.order_id)
            return known
    return None


def _kind(notification: Notification) -> str:
    return notification.kind


def _once(_shown: object) -> None:
    """What is shown is shown once: showing something else is a change of it, not another intent."""
