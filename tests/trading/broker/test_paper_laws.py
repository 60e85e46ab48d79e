"""Laws of the paper broker that hold whatever is sent to it, in whatever order and with whatever faults."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.trading.support.fake_market import FakeMarket
from tests.trading.support.paper_world import PaperWorld, holding
from trading.broker.faults import Faults, OrdersOf
from trading.broker.port import DuplicateOrder, MarketClosed, OrderRejected, ReplyLost
from trading.clock import SimulatedClock
from trading.domain.money import ZERO, to_cents
from trading.domain.order import OrderRequest, OrderStatus, Side

SYMBOLS = ("A", "B", "C")
prices = st.decimals("0.001", "900", places=3, allow_nan=False)
choices = st.builds(OrdersOf, st.sampled_from((None, *SYMBOLS)), st.sampled_from((None, *Side)))
faults = st.builds(
    Faults,
    reject=st.frozensets(choices, max_size=1),
    partial=st.dictionaries(choices, st.decimals("0", "0.99", places=2), max_size=2),
    delay_s=st.dictionaries(choices, st.floats(0, 100_000), max_size=2),
    lose_reply=st.dictionaries(choices, st.integers(1, 3), max_size=1),
    no_quote=st.frozensets(st.sampled_from(SYMBOLS), max_size=1),
)


class PaperBrokerMachine(RuleBasedStateMachine):
    @initialize(
        cash=st.decimals("0", "20000", places=2),
        held=st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 400), max_size=3),
        prices=st.fixed_dictionaries(dict.fromkeys(SYMBOLS, prices)),
        faults=faults,
        step=st.sampled_from(("1", "0.5", "0.001")),
    )
    def begin(
        self,
        cash: Decimal,
        held: Mapping[str, int],
        prices: Mapping[str, Decimal],
        faults: Faults,
        step: str,
    ) -> None:
        holdings = tuple(holding(symbol, str(quantity), "10") for symbol, quantity in held.items())
        self.world = PaperWorld(str(cash), holdings, faults=faults, prices=prices, step=step)
        self.starting_cash = cash
        self.starting_quantity = {symbol: Decimal(quantity) for symbol, quantity in held.items()}
        self.step = Decimal(step)
        self.ids = count()
        self.kept: dict[str, OrderRequest] = {}

    @rule(symbol=st.sampled_from(SYMBOLS), side=st.sampled_from(Side), steps=st.integers(0, 500))
    def submit(self, symbol: str, side: Side, steps: int) -> None:
        order = OrderRequest(f"client-{next(self.ids)}", symbol, side, steps * self.step)
        try:
            assert self.world.broker.submit_order(order).status is OrderStatus.ACCEPTED
        except MarketClosed:
            assert self.world.broker.find_order(order.client_order_id) is None
            return
        except ReplyLost:
            found = self.world.broker.find_order(order.client_order_id)
            assert found is not None
            assert found.status is not OrderStatus.REJECTED
        except OrderRejected:
            refused = self.world.broker.find_order(order.client_order_id)
            assert refused is not None
            assert refused.status is OrderStatus.REJECTED
        self.kept[order.client_order_id] = order

    @rule(symbol=st.sampled_from(SYMBOLS), side=st.sampled_from(Side))
    def trade_all_that_is_allowed(self, symbol: str, side: Side) -> None:
        quote = self.world.broker.quote(symbol)
        if quote is None:
            return
        held = self.world.held(symbol)
        most = ZERO if held is None else held.quantity
        if side is Side.BUY:
            most = self.world.broker.account().buying_power / quote
        self.submit(symbol, side, int(most / self.step))

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def submit_a_second_time(self, data: st.DataObject) -> None:
        order = self.kept[data.draw(st.sampled_from(sorted(self.kept)))]
        before = self.world.broker.orders()
        try:
            self.world.broker.submit_order(order)
        except DuplicateOrder:
            assert self.world.broker.orders() == before
        else:
            raise AssertionError(f"{order} was taken twice")

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.world.broker.orders()))
        assert self.world.broker.cancel_order(order.order_id).status.is_terminal

    @rule(seconds=st.sampled_from((0.5, 1, 60, 3_600, 30_000, 86_400)))
    def let_time_pass(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    @rule(symbol=st.sampled_from(SYMBOLS), price=prices)
    def move_to_the_next_day_and_price(self, symbol: str, price: Decimal) -> None:
        self.world.clock.advance_to(self.world.clock.now() + timedelta(days=1))
        self.world.market.prices[symbol] = price

    @rule(seconds=st.sampled_from((0, 1, 90_000)))
    def copy_and_trade_in_the_copy(self, seconds: float) -> None:
        now = self.world.clock.now()
        before = self.world.broker.account(), self.world.broker.orders(), self.world.broker.fills()
        clock = SimulatedClock(now)
        copy = self.world.broker.copy(market=FakeMarket(self.world.market.prices), clock=clock)
        assert (copy.account(), copy.orders(), copy.fills()) == before
        for order in copy.open_orders():
            copy.cancel_order(order.order_id)
        clock.sleep(seconds)
        copy.account()
        copy.close()
        after = self.world.broker.account(), self.world.broker.orders(), self.world.broker.fills()
        assert after == before

    @invariant()
    def what_is_held_is_worth_what_the_account_says(self) -> None:
        account = self.world.broker.account()
        positions = self.world.broker.positions()
        worth = [to_cents(held.quantity * self.world.market.prices[held.symbol]) for held in positions]  # type: ignore[operator]
        assert [held.market_value for held in positions] == worth
        assert account.portfolio_value == account.equity == account.cash + sum(worth, ZERO)

    @invariant()
    def cash_is_what_the_fills_made_of_it_and_never_negative(self) -> None:
        fills = self.world.broker.fills()
        account = self.world.broker.account()
        for fill in fills:
            sign = -1 if fill.side is Side.BUY else 1
            assert fill.cash_flow == sign * to_cents(fill.quantity * fill.price)
        assert account.cash == self.starting_cash + sum((fill.cash_flow for fill in fills), ZERO)
        assert ZERO <= account.buying_power <= account.cash

    @invariant()
    def positions_are_what_the_fills_made_of_them_and_never_short(self) -> None:
        expected = dict(self.starting_quantity)
        for fill in self.world.broker.fills():
            change = fill.quantity if fill.side is Side.BUY else -fill.quantity
            expected[fill.symbol] = expected.get(fill.symbol, ZERO) + change
        found = {held.symbol: held.quantity for held in self.world.broker.positions()}
        assert found == {symbol: quantity for symbol, quantity in expected.items() if quantity != ZERO}
        assert list(found) == sorted(found)
        assert all(quantity > ZERO for quantity in found.values())

    @invariant()
    def each_order_has_filled_what_its_fills_say(self) -> None:
        orders = self.world.broker.orders()
        assert [order.client_order_id for order in orders] == list(self.kept)
        for order in orders:
            fills = [fill for fill in self.world.broker.fills() if fill.order_id == order.order_id]
            assert order.filled_quantity == sum((fill.quantity for fill in fills), ZERO)
            assert (order.status is OrderStatus.FILLED) == (order.filled_quantity == order.quantity > ZERO)
            assert (order.filled_average_price is None) == (not fills)
            assert self.world.broker.get_order(order.order_id) == order
        still_open = [order for order in orders if not order.status.is_terminal]
        assert list(self.world.broker.open_orders()) == still_open

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.broker.close()


PaperBrokerMachine.TestCase.settings = settings(
    max_examples=80, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestPaperBrokerLaws = PaperBrokerMachine.TestCase
