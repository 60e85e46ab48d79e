"""A paper broker with a market and a clock that the test moves."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from pathlib import Path

from tests.trading.support.fake_market import FakeMarket, at, is_open
from trading.broker.book import Holding, Opening
from trading.broker.faults import NO_FAULTS, Faults
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.domain.account import Position
from trading.domain.order import Order, OrderRequest, Side

PRICES: dict[str, Decimal | None] = {
    "GLD": Decimal("101.55"),
    "SPY": Decimal("200.10"),
    "TLT": Decimal("120.333"),
    "NEW": None,
}


def holding(symbol: str, quantity: str, average: str) -> Holding:
    return Holding(symbol, Decimal(quantity), Decimal(average), Decimal(average))


class PaperWorld:
    """Monday the 4th of January 2016, 15:00 UTC, the market open."""

    def __init__(
        self,
        cash: str = "10000.00",
        holdings: tuple[Holding, ...] = (),
        *,
        faults: Faults = NO_FAULTS,
        path: Path | None = None,
        prices: Mapping[str, Decimal | None] = PRICES,
        step: str = "1",
    ) -> None:
        self.market = FakeMarket(prices)
        self.clock = SimulatedClock(at(4, 15))
        self.broker = PaperBroker(
            Ledger.open(path, Opening("paper", Decimal(cash), holdings), durable=False),
            self.market,
            self.clock,
            is_open=is_open,
            faults=faults,
            step=Decimal(step),
        )
        self._numbers = count(1)

    def __enter__(self) -> "PaperWorld":
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.close()

    def buy(self, symbol: str, quantity: str, client_order_id: str | None = None) -> Order:
        return self._submit(symbol, Side.BUY, quantity, client_order_id)

    def sell(self, symbol: str, quantity: str, client_order_id: str | None = None) -> Order:
        return self._submit(symbol, Side.SELL, quantity, client_order_id)

    def held(self, symbol: str) -> Position | None:
        return next((held for held in self.broker.positions() if held.symbol == symbol), None)

    def _submit(self, symbol: str, side: Side, quantity: str, client_order_id: str | None) -> Order:
        name = f"client-{next(self._numbers)}" if client_order_id is None else client_order_id
        return self.broker.submit_order(OrderRequest(name, symbol, side, Decimal(quantity)))
