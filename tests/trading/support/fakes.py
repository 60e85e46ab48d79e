"""Small brokers for what a paper broker cannot be made to do, and a paper broker with few words."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from tests.trading.support.fake_market import FakeMarket, is_open
from trading.broker.book import Holding, Opening
from trading.broker.faults import NO_FAULTS, Faults
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.broker.port import Broker
from trading.clock import Clock, SimulatedClock
from trading.domain.account import Account, PortfolioState, Position
from trading.domain.order import Order, OrderRequest

Answer = TypeVar("Answer")

MONDAY = datetime(2016, 1, 4, 15, 0, tzinfo=UTC)


def open_paper_broker(
    clock: Clock,
    prices: Mapping[str, str | None],
    *,
    cash: str = "100000.00",
    held: Mapping[str, str] | None = None,
    faults: Faults = NO_FAULTS,
    step: str = "1",
) -> PaperBroker:
    """An account in memory that holds `held` at today's prices."""
    market = FakeMarket(
        {symbol: None if price is None else Decimal(price) for symbol, price in prices.items()}
    )
    holdings = []
    for symbol, quantity in (held or {}).items():
        price = market.prices[symbol] or Decimal(1)
        holdings.append(Holding(symbol, Decimal(quantity), price, price))
    return PaperBroker(
        Ledger.open(None, Opening("test", Decimal(cash), tuple(holdings))),
        market,
        clock,
        is_open=is_open,
        faults=faults,
        step=Decimal(step),
    )


def state_of(broker: Broker) -> PortfolioState:
    return PortfolioState(broker.account(), broker.positions(), broker.open_orders())


def new_clock() -> SimulatedClock:
    return SimulatedClock(MONDAY)


class Interrupted(BaseException):
    """The process ends here: nothing that catches errors may catch it."""


class BrokerThrough:
    """Hands every call on to another broker; before and after each, something may happen."""

    def __init__(self, inner: Broker) -> None:
        self.inner = inner
        self.calls: list[str] = []

    def before(self, call: str) -> None:
        """What happens before the call reaches the broker."""

    def after(self, call: str) -> None:
        """What happens when the broker has done it, and the answer is not there yet."""

    def account(self) -> Account:
        return self._call("account", self.inner.account)

    def positions(self) -> tuple[Position, ...]:
        return self._call("positions", self.inner.positions)

    def open_orders(self) -> tuple[Order, ...]:
        return self._call("open_orders", self.inner.open_orders)

    def quote(self, symbol: str) -> Decimal | None:
        return self._call(f"quote {symbol}", lambda: self.inner.quote(symbol))

    def is_market_open(self) -> bool:
        return self._call("is_market_open", self.inner.is_market_open)

    def submit_order(self, order: OrderRequest) -> Order:
        return self._call(f"submit {order.client_order_id}", lambda: self.inner.submit_order(order))

    def get_order(self, order_id: str) -> Order:
        return self._call(f"get {order_id}", lambda: self.inner.get_order(order_id))

    def find_order(self, client_order_id: str) -> Order | None:
        return self._call(f"find {client_order_id}", lambda: self.inner.find_order(client_order_id))

    def cancel_order(self, order_id: str) -> Order:
        return self._call(f"cancel {order_id}", lambda: self.inner.cancel_order(order_id))

    def _call(self, call: str, ask: Callable[[], Answer]) -> Answer:
        self.calls.append(call)
        self.before(call)
        try:
            return ask()
        finally:
            self.after(call)


class InterruptingBroker(BrokerThrough):
    """Ends the process at the n-th call: before the broker has heard of it, or after it has done it."""

    def __init__(self, inner: Broker, at_call: int, *, done: bool) -> None:
        super().__init__(inner)
        self._at_call = at_call
        self._done = done

    def before(self, call: str) -> None:
        if not self._done and len(self.calls) == self._at_call:
            raise Interrupted(call)

    def after(self, call: str) -> None:
        if self._done and len(self.calls) == self._at_call:
            raise Interrupted(call)


class FailingBroker(BrokerThrough):
    """Raises for every call that begins with one of the given words, as many times as is said."""

    def __init__(self, inner: Broker, failing: Mapping[str, tuple[Exception, int]]) -> None:
        super().__init__(inner)
        self._failing = failing
        self._failed = dict.fromkeys(failing, 0)

    def before(self, call: str) -> None:
        for begins, (error, times) in self._failing.items():
            if call.startswith(begins) and self._failed[begins] < times:
                self._failed[begins] += 1
                raise error
