"""Laws that hold over random accounts, targets, price paths and faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.support.fake_market import FakeMarket, is_open
from tests.trading.support.fakes import MONDAY, BrokerThrough, state_of
from trading.broker.book import Holding, Opening
from trading.broker.faults import Faults, OrdersOf
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.domain.audit import audit
from trading.domain.comparison import compare_allocations
from trading.domain.execution import OrderFate
from trading.domain.order import Order, OrderRequest, Side
from trading.domain.plan import plan_rebalance
from trading.execution.executor import PlanExecutor
from trading.execution.orders import ExecutionPolicy

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
DAYS = 3
STEPS = (Decimal(1), Decimal("0.01"))

prices = st.decimals("0.0100", "2000", places=4)
some_symbols = st.frozensets(st.sampled_from(SYMBOLS), max_size=2)


@dataclass(frozen=True)
class World:
    """An account and what it lives through: a price per symbol and day, and targets per day."""

    cash: Decimal
    held: Mapping[str, int]
    path: tuple[Mapping[str, Decimal], ...]
    targets: tuple[Mapping[str, Decimal], ...]
    faults: Faults
    step: Decimal
    resuming: bool


@st.composite
def made_faults(draw: st.DrawFn) -> Faults:
    methods = draw(st.frozensets(st.sampled_from(["submit_order", "find_order", "get_order", "quote"])))
    return Faults(
        reject=frozenset(map(OrdersOf, draw(some_symbols))),
        partial={OrdersOf(symbol): Decimal("0.3") for symbol in draw(some_symbols)},
        delay_s={OrdersOf(symbol): draw(st.sampled_from([0.0, 5.0, 90.0])) for symbol in draw(some_symbols)},
        lose_reply={OrdersOf(symbol): 2 for symbol in draw(some_symbols)},
        no_quote=draw(some_symbols),
        outage_methods=methods,
        outage_calls=draw(st.integers(1, 8)) if methods else None,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    weights = st.dictionaries(
        st.sampled_from(SYMBOLS), st.integers(0, 250).map(lambda part: Decimal(part) / 1000)
    )
    return World(
        cash=draw(st.decimals(0, 10_000_000, places=2)),
        held=draw(st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 5000))),
        path=tuple(draw(st.fixed_dictionaries(dict.fromkeys(SYMBOLS, prices))) for _ in range(DAYS)),
        targets=tuple(draw(weights) for _ in range(DAYS)),
        faults=draw(made_faults()),
        step=draw(st.sampled_from(STEPS)),
        resuming=draw(st.booleans()),
    )


class LawfulBroker(BrokerThrough):
    """Hands on orders, and checks each as it passes against what the account holds."""

    def __init__(self, inner: PaperBroker, step: Decimal) -> None:
        super().__init__(inner)
        self._paper = inner
        self._step = step
        self._sides: list[Side] = []

    def submit_order(self, order: OrderRequest) -> Order:
        held = {lot.symbol: lot.quantity for lot in self._paper.positions()}
        assert order.quantity > 0
        assert order.quantity % self._step == 0
        assert (order.side is Side.BUY) or Side.BUY not in self._sides
        if order.side is Side.SELL:
            assert order.quantity <= held[order.symbol]
        self._sides.append(order.side)
        return super().submit_order(order)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_orders_keep_the_laws_and_the_books_close_on_every_day(world: World) -> None:
    clock = SimulatedClock(MONDAY)
    market = FakeMarket(world.path[0])
    holdings = tuple(
        Holding(
            symbol, Decimal(count), market.prices[symbol] or Decimal(1), market.prices[symbol] or Decimal(1)
        )
        for symbol, count in sorted(world.held.items())
    )
    broker = PaperBroker(
        Ledger.open(None, Opening("test", world.cash, holdings)),
        market,
        clock,
        is_open=is_open,
        faults=world.faults,
        step=world.step,
    )
    wanted: set[str] = set()
    policy = ExecutionPolicy(quantity_step=world.step)
    for day, (today, targets) in enumerate(zip(world.path, world.targets, strict=True)):
        clock.advance_to(MONDAY + timedelta(days=day))
        market.prices.update(today)
        before, fills_before = state_of(broker), len(broker.fills())
        plan = plan_rebalance(
            compare_allocations(targets, before, Decimal("0.02")), Decimal(0), f"plan-{day}"
        )
        executor = PlanExecutor(LawfulBroker(broker, world.step), clock, policy)
        result = executor.execute(plan, resuming=world.resuming)
        after = state_of(broker)
        assert audit(before, broker.fills()[fills_before:], after) == []
        assert [outcome.symbol for outcome in result.outcomes] == [item.symbol for item in plan.trades]
        for outcome in result.outcomes:
            if outcome.fate is OrderFate.FILLED:
                assert outcome.filled_quantity == outcome.asked_quantity == outcome.wanted_quantity
        wanted |= {plan.client_order_id(item) for item in plan.trades}
    names = [order.client_order_id for order in broker.orders()]
    assert len(set(names)) == len(names)
    assert set(names) <= wanted
