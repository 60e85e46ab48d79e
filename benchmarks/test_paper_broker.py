"""What the paper broker costs per call: a history of 1,950 days makes each of them very often."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from trading.broker.book import Holding, Opening
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.domain.order import Order, OrderRequest, Side

SYMBOLS = tuple(f"S{number:02}" for number in range(20))
START = datetime(2008, 1, 2, 15, tzinfo=UTC)
OLD_ORDERS = 10_000


class ConstantMarket:
    """Every symbol at one price for ever."""

    def closes(self, symbol: str, until: object, n: int) -> tuple[Decimal, ...]:
        return (Decimal("101.37"),) * n

    def sessions(self) -> tuple[()]:
        return ()

    def latest_price(self, symbol: str) -> Decimal | None:
        return Decimal("101.37")


class World:
    """A broker in memory with 20 positions, and orders at hand."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(START)
        holdings = tuple(Holding(symbol, Decimal(100), Decimal(90), Decimal(90)) for symbol in SYMBOLS)
        self.broker = PaperBroker(
            Ledger.open(None, Opening("benchmark", Decimal(10_000_000), holdings)),
            ConstantMarket(),
            self.clock,
            is_open=lambda moment: True,
        )
        self._numbers = count()

    def submit(self) -> Order:
        number = next(self._numbers)
        side = Side.BUY if number % 2 == 0 else Side.SELL
        return self.broker.submit_order(OrderRequest(f"client-{number}", SYMBOLS[0], side, Decimal(1)))

    def submit_and_settle(self) -> Order:
        order = self.submit()
        self.clock.sleep(1)
        return self.broker.get_order(order.order_id)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.broker.close()


@pytest.fixture(scope="module")
def old_world() -> Iterator[World]:
    world = World()
    for _ in range(OLD_ORDERS):
        world.submit_and_settle()
    world.clock.advance_to(START + timedelta(days=3_000))
    yield world
    world.broker.close()


def test_account_with_20_positions(benchmark: BenchmarkFixture, world: World) -> None:
    benchmark(world.broker.account)


def test_positions_with_20_positions(benchmark: BenchmarkFixture, world: World) -> None:
    benchmark(world.broker.positions)


def test_quote(benchmark: BenchmarkFixture, world: World) -> None:
    benchmark(world.broker.quote, SYMBOLS[0])


def test_get_order_of_10_000(benchmark: BenchmarkFixture, old_world: World) -> None:
    benchmark(old_world.broker.get_order, "benchmark-5000")


def test_submit_and_settle(benchmark: BenchmarkFixture, world: World) -> None:
    benchmark(world.submit_and_settle)


def test_submit_alone(benchmark: BenchmarkFixture, world: World) -> None:
    def refreshed() -> None:
        world.clock.sleep(1)
        world.broker.account()

    benchmark.pedantic(world.submit, setup=refreshed, rounds=2_000)  # type: ignore[no-untyped-call]


def test_copy_of_10_000_orders(benchmark: BenchmarkFixture, old_world: World) -> None:
    def copy() -> None:
        old_world.broker.copy(market=ConstantMarket(), clock=SimulatedClock(START)).close()

    benchmark(copy)
