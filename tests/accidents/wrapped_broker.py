"""A broker around a broker, as a migration puts one in between; every accident changes one method of it."""

from decimal import Decimal

from trading.broker.port import Broker
from trading.domain.account import Account, Position
from trading.domain.order import Order, OrderRequest


class WrappedBroker:
    """Hands every call on."""

    def __init__(self, broker: Broker) -> None:
        self.inner = broker

    def account(self) -> Account:
        return self.inner.account()

    def positions(self) -> tuple[Position, ...]:
        return self.inner.positions()

    def open_orders(self) -> tuple[Order, ...]:
        return self.inner.open_orders()

    def quote(self, symbol: str) -> Decimal | None:
        return self.inner.quote(symbol)

    def is_market_open(self) -> bool:
        return self.inner.is_market_open()

    def submit_order(self, order: OrderRequest) -> Order:
        return self.inner.submit_order(order)

    def get_order(self, order_id: str) -> Order:
        return self.inner.get_order(order_id)

    def find_order(self, client_order_id: str) -> Order | None:
        return self.inner.find_order(client_order_id)

    def cancel_order(self, order_id: str) -> Order:
        return self.inner.cancel_order(order_id)
