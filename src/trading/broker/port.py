"""The port through which orders are placed and the account is read."""

from decimal import Decimal
from typing import Protocol

from trading.domain.account import Account, PortfolioState, Position
from trading.domain.order import Order, OrderRequest


class BrokerError(Exception):
    """The broker said no, or nothing."""


class OrderRejected(BrokerError):
    """The broker refused the order; it holds no such order that could fill."""


class DuplicateOrder(OrderRejected):
    """An order of this client order id exists already; look it up, do not send another."""


class MarketClosed(OrderRejected):
    """Orders are taken only while the market is open."""


class Superseded(OrderRejected):
    """A newer run of the account has begun, in another process: this one orders and cancels nothing more."""


class BrokerUnavailable(BrokerError):
    """The broker was not reached; nothing happened there."""


class ReplyLost(BrokerError):
    """The call may or may not have happened; only `find_order` can tell."""


class Broker(Protocol):
    """Account, quotes and orders. Reads may raise BrokerUnavailable, effects any BrokerError."""

    def account(self) -> Account:
        """Money of the account at current prices."""
        ...

    def positions(self) -> tuple[Position, ...]:
        """Holdings other than zero, in symbol order."""
        ...

    def open_orders(self) -> tuple[Order, ...]:
        """Orders that can still fill, oldest first."""
        ...

    def quote(self, symbol: str) -> Decimal | None:
        """The price at which a market order would fill now, or None where there is no quote."""
        ...

    def is_market_open(self) -> bool:
        """Whether an order would be taken now."""
        ...

    def submit_order(self, order: OrderRequest) -> Order:
        """Place a market order; raises OrderRejected (Superseded is one), BrokerUnavailable or ReplyLost."""
        ...

    def get_order(self, order_id: str) -> Order:
        """An order by the broker's identifier; raises OrderRejected where there is none."""
        ...

    def find_order(self, client_order_id: str) -> Order | None:
        """An order by the name its sender gave it, or None."""
        ...

    def cancel_order(self, order_id: str) -> Order:
        """Cancel what has not filled yet; a settled order is returned as it is."""
        ...


def read_state(broker: Broker) -> PortfolioState:
    """Account, positions and open orders, read one after the other; raises BrokerError."""
    return PortfolioState(broker.account(), broker.positions(), broker.open_orders())
