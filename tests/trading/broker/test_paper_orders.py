"""What the paper broker takes and refuses, and how orders fill and end by the clock."""

from decimal import Decimal

import pytest

from tests.trading.support.fake_market import at
from tests.trading.support.paper_world import PaperWorld, holding
from trading.broker.port import Broker, DuplicateOrder, MarketClosed, OrderRejected
from trading.domain.order import OrderStatus, Side


def test_the_paper_broker_is_a_broker() -> None:
    with PaperWorld() as world:
        broker: Broker = world.broker
        assert broker.is_market_open()


def test_an_order_is_accepted_and_fills_after_the_delay_at_the_price_of_the_day() -> None:
    with PaperWorld() as world:
        order = world.buy("SPY", "10")
        assert (order.order_id, order.status, order.submitted_at) == (
            "paper-1",
            OrderStatus.ACCEPTED,
            at(4, 15),
        )
        world.clock.sleep(0.999)
        assert world.broker.get_order(order.order_id) == order
        assert world.broker.open_orders() == (order,)
        world.clock.sleep(0.001)
        filled = world.broker.get_order(order.order_id)
        assert filled.status is OrderStatus.FILLED
        assert (filled.filled_quantity, filled.filled_average_price) == (Decimal(10), Decimal("200.10"))
        assert world.broker.open_orders() == ()
        [fill] = world.broker.fills()
        assert (fill.order_id, fill.symbol, fill.side, fill.at) == (
            "paper-1",
            "SPY",
            Side.BUY,
            at(4, 15, 0, 1),
        )
        assert (fill.quantity, fill.price, fill.cash_flow) == (
            Decimal(10),
            Decimal("200.10"),
            Decimal("-2001.00"),
        )


def test_a_fill_that_is_asked_for_a_day_later_has_the_price_of_its_own_session() -> None:
    with PaperWorld() as world:
        order = world.buy("SPY", "10")
        world.market.prices["SPY"] = Decimal(300)
        world.clock.advance_to(at(5, 15))
        assert world.broker.get_order(order.order_id).filled_average_price == Decimal("200.10")
        assert world.broker.fills()[0].at == at(4, 15, 0, 1)
        assert world.broker.account().portfolio_value == Decimal("10999.00")


def test_cash_moves_by_quantity_times_price_in_whole_cents_half_to_even() -> None:
    with PaperWorld(prices={"A": Decimal("0.125")}) as world:
        world.buy("A", "1")
        world.buy("A", "3")
        world.clock.sleep(1)
        assert [fill.cash_flow for fill in world.broker.fills()] == [Decimal("-0.12"), Decimal("-0.38")]
        assert world.broker.account().cash == Decimal("9999.50")


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "1E+30"])
def test_a_quantity_outside_the_bounds_is_rejected(quantity: str) -> None:
    with PaperWorld() as world, pytest.raises(OrderRejected, match="allowed: above 0, at most 1000000000"):
        world.buy("SPY", quantity)


def test_a_quantity_is_a_multiple_of_the_step() -> None:
    with PaperWorld(step="0.25") as world:
        with pytest.raises(OrderRejected, match=r"quantity is 1\.1, allowed: multiples of 0\.25"):
            world.buy("SPY", "1.1")
        assert world.buy("SPY", "1.25").status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("symbol", ["NOPE", "NEW"])
def test_a_symbol_that_is_unknown_or_has_no_price_is_rejected(symbol: str) -> None:
    with PaperWorld() as world:
        assert world.broker.quote(symbol) is None
        with pytest.raises(OrderRejected, match=f"there is no quote of {symbol}"):
            world.buy(symbol, "1")


def test_no_more_is_sold_than_is_held_and_not_yet_on_offer() -> None:
    with PaperWorld(holdings=(holding("SPY", "10", "100"),)) as world:
        world.sell("SPY", "7")
        with pytest.raises(OrderRejected, match="cannot sell 4 SPY: 3 held and not yet on offer"):
            world.sell("SPY", "4")
        world.sell("SPY", "3")
        world.clock.sleep(1)
        assert world.broker.positions() == ()


def test_what_is_not_held_cannot_be_sold() -> None:
    with PaperWorld() as world, pytest.raises(OrderRejected, match="cannot sell 1 SPY: 0 held"):
        world.sell("SPY", "1")


def test_no_more_is_bought_than_buying_power_allows() -> None:
    with PaperWorld("2001.00") as world:
        world.buy("SPY", "6")
        assert world.broker.account().buying_power == Decimal("800.40")
        assert world.broker.account().cash == Decimal("2001.00")
        with pytest.raises(
            OrderRejected, match=r"cannot buy 5 SPY at 200\.10: costs 1000\.50, buying power is 800\.40"
        ):
            world.buy("SPY", "5")
        world.buy("SPY", "4")
        world.clock.sleep(1)
        assert world.broker.account().cash == 0


def test_the_money_of_a_sale_can_be_spent_only_when_it_has_settled() -> None:
    with PaperWorld("0.00", (holding("SPY", "1", "100"),)) as world:
        world.sell("SPY", "1")
        with pytest.raises(OrderRejected, match=r"buying power is 0\.00"):
            world.buy("GLD", "1")
        world.clock.sleep(1)
        assert world.buy("GLD", "1").status is OrderStatus.ACCEPTED


def test_an_account_in_debt_sells_and_does_not_buy() -> None:
    with PaperWorld("-150.00", (holding("SPY", "1", "100"),)) as world:
        with pytest.raises(OrderRejected, match=r"buying power is -150\.00"):
            world.buy("GLD", "1")
        world.sell("SPY", "1")
        world.clock.sleep(1)
        assert world.broker.account().cash == Decimal("50.10")


def test_a_client_order_id_is_taken_once_even_by_a_rejected_order() -> None:
    with PaperWorld() as world:
        first = world.buy("SPY", "1", "mine")
        with pytest.raises(DuplicateOrder, match="mine: there is an order of this id"):
            world.buy("GLD", "1", "mine")
        with pytest.raises(OrderRejected):
            world.buy("SPY", "1000", "too much")
        with pytest.raises(DuplicateOrder):
            world.buy("SPY", "1", "too much")
        assert [order.client_order_id for order in world.broker.orders()] == ["mine", "too much"]
        assert world.broker.find_order("mine") == first


def test_a_rejected_order_is_kept_with_its_reason() -> None:
    with PaperWorld() as world:
        with pytest.raises(OrderRejected):
            world.sell("SPY", "1", "short")
        order = world.broker.find_order("short")
        assert order is not None
        assert order.status is OrderStatus.REJECTED
        assert order.reason == "cannot sell 1 SPY: 0 held and not yet on offer"
        assert world.broker.get_order(order.order_id) == order


def test_a_closed_market_takes_no_order_and_keeps_none() -> None:
    with PaperWorld() as world:
        world.clock.advance_to(at(4, 21))
        assert not world.broker.is_market_open()
        with pytest.raises(MarketClosed, match="the market is closed at 2016-01-04 21:00"):
            world.buy("SPY", "1", "late")
        assert world.broker.find_order("late") is None
        world.clock.advance_to(at(5, 15))
        assert world.buy("SPY", "1", "late").status is OrderStatus.ACCEPTED


def test_a_repeat_is_known_as_one_even_when_the_market_is_closed() -> None:
    with PaperWorld() as world:
        world.buy("SPY", "1", "mine")
        world.clock.advance_to(at(4, 22))
        with pytest.raises(DuplicateOrder):
            world.buy("SPY", "1", "mine")


def test_an_order_that_would_fill_after_the_session_expires() -> None:
    with PaperWorld() as world:
        world.clock.advance_to(at(4, 20, 59, 59.5))
        order = world.buy("SPY", "10")
        world.clock.sleep(1)
        expired = world.broker.get_order(order.order_id)
        assert (expired.status, expired.reason) == (OrderStatus.EXPIRED, "its session has ended")
        assert world.broker.account().buying_power == Decimal("10000.00")
        assert world.broker.fills() == ()


def test_a_cancelled_order_frees_what_it_reserved_and_fills_no_more() -> None:
    with PaperWorld() as world:
        order = world.buy("SPY", "10")
        cancelled = world.broker.cancel_order(order.order_id)
        assert cancelled.status is OrderStatus.CANCELLED
        assert world.broker.account().buying_power == Decimal("10000.00")
        world.clock.sleep(10)
        assert world.broker.get_order(order.order_id) == cancelled


def test_cancelling_what_has_come_due_finds_it_filled() -> None:
    with PaperWorld() as world:
        order = world.buy("SPY", "10")
        world.clock.sleep(1)
        assert world.broker.cancel_order(order.order_id).status is OrderStatus.FILLED


def test_an_unknown_order_is_rejected_by_id_and_not_found_by_name() -> None:
    with PaperWorld() as world:
        for ask in (world.broker.get_order, world.broker.cancel_order):
            with pytest.raises(OrderRejected, match="paper-9: there is no order of this identifier"):
                ask("paper-9")
        assert world.broker.find_order("nobody's") is None


def test_orders_are_listed_oldest_first_with_those_that_are_refused() -> None:
    with PaperWorld() as world:
        world.buy("SPY", "1")
        with pytest.raises(OrderRejected):
            world.buy("NOPE", "1")
        world.buy("GLD", "1")
        assert [order.order_id for order in world.broker.orders()] == ["paper-1", "paper-2", "paper-3"]
        assert [order.order_id for order in world.broker.open_orders()] == ["paper-1", "paper-3"]


def test_fills_are_listed_after_those_that_are_known() -> None:
    with PaperWorld() as world:
        for symbol in ("SPY", "GLD", "TLT"):
            world.buy(symbol, "1")
        world.clock.sleep(1)
        listed = [[fill.symbol for fill in world.broker.fills(known)] for known in (0, 2, 3)]
        assert listed == [["SPY", "GLD", "TLT"], ["TLT"], []]


def test_the_last_order_is_remembered_by_its_moment() -> None:
    with PaperWorld() as world:
        assert world.broker.last_order_at() is None
        world.buy("SPY", "1")
        world.clock.sleep(0.5)
        world.buy("SPY", "1")
        assert world.broker.last_order_at() == at(4, 15, 0, 0.5)


@pytest.mark.parametrize("step", ["0", "-1", "NaN"])
def test_a_step_is_above_zero(step: str) -> None:
    with pytest.raises(ValueError, match=f"step is {step}, allowed: above 0"):
        PaperWorld(step=step)
