"""Each failure of a real broker, on demand."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.trading.support.fake_market import FakeMarket, at
from tests.trading.support.paper_world import PRICES, PaperWorld, holding
from trading.broker.faults import BROKER_METHODS, Faults, OrdersOf
from trading.broker.port import BrokerUnavailable, MarketClosed, OrderRejected, ReplyLost
from trading.clock import SimulatedClock
from trading.domain.order import OrderRequest, OrderStatus, Side

SPY = OrdersOf("SPY")
EVERY_ORDER = OrdersOf()


def test_orders_of_a_symbol_are_refused_and_others_are_not() -> None:
    with PaperWorld(faults=Faults(reject=frozenset({SPY}))) as world:
        with pytest.raises(OrderRejected, match="BUY SPY is refused, as the faults say"):
            world.buy("SPY", "1")
        world.buy("GLD", "1")
        assert [order.status for order in world.broker.orders()] == ["REJECTED", "ACCEPTED"]


def test_orders_of_a_side_are_refused() -> None:
    faults = Faults(reject=frozenset({OrdersOf(side=Side.SELL)}))
    with PaperWorld(holdings=(holding("SPY", "1", "1"),), faults=faults) as world:
        with pytest.raises(OrderRejected):
            world.sell("SPY", "1")
        world.buy("SPY", "1")


def test_a_partial_fill_leaves_the_rest_open_until_the_session_ends() -> None:
    with PaperWorld(faults=Faults(partial={SPY: Decimal("0.5")})) as world:
        order = world.buy("SPY", "5")
        world.clock.sleep(1)
        part = world.broker.get_order(order.order_id)
        assert part.status is OrderStatus.PARTIALLY_FILLED
        assert (part.filled_quantity, part.filled_average_price) == (Decimal(2), Decimal("200.10"))
        assert world.broker.open_orders() == (part,)
        assert world.broker.account().cash == Decimal("9599.80")
        assert world.broker.account().buying_power == Decimal("8999.50")
        world.clock.advance_to(at(4, 21))
        expired = world.broker.get_order(order.order_id)
        assert (expired.status, expired.filled_quantity) == (OrderStatus.EXPIRED, Decimal(2))
        assert world.broker.account().buying_power == Decimal("9599.80")


def test_the_rest_of_a_partial_fill_can_be_cancelled() -> None:
    faults = Faults(partial={EVERY_ORDER: Decimal("0.5")})
    with PaperWorld(holdings=(holding("SPY", "4", "1"),), faults=faults) as world:
        order = world.sell("SPY", "4")
        world.clock.sleep(1)
        with pytest.raises(OrderRejected, match="0 held and not yet on offer"):
            world.sell("SPY", "1")
        cancelled = world.broker.cancel_order(order.order_id)
        assert (cancelled.status, cancelled.filled_quantity) == (OrderStatus.CANCELLED, Decimal(2))
        world.sell("SPY", "2")


def test_a_partial_fill_leaves_buying_power_as_it_was_to_the_cent() -> None:
    faults = Faults(partial={EVERY_ORDER: Decimal("0.5")})
    with PaperWorld("0.03", faults=faults, prices={"A": Decimal("0.015")}) as world:
        world.buy("A", "2")  # 0.03 whole; each half alone would be rounded up to 0.02
        world.clock.sleep(1)
        assert world.broker.account().cash == Decimal("0.01")
        assert world.broker.account().buying_power == 0


def test_less_than_a_step_of_a_partial_fill_is_nothing() -> None:
    with PaperWorld(faults=Faults(partial={SPY: Decimal("0.5")})) as world:
        order = world.buy("SPY", "1")
        world.clock.sleep(60)
        assert world.broker.get_order(order.order_id) == order
        assert world.broker.fills() == ()


def test_a_delayed_fill_comes_when_it_is_said_to() -> None:
    with PaperWorld(faults=Faults(delay_s={SPY: 60.0})) as world:
        slow, fast = world.buy("SPY", "1"), world.buy("GLD", "1")
        world.clock.sleep(59)
        assert world.broker.open_orders() == (slow,)
        world.clock.sleep(1)
        assert [fill.order_id for fill in world.broker.fills()] == [fast.order_id, slow.order_id]


def test_fills_that_are_settled_in_one_go_come_in_the_order_of_their_moments() -> None:
    with PaperWorld(faults=Faults(delay_s={SPY: 60.0})) as world:
        slow, fast, as_fast = world.buy("SPY", "1"), world.buy("GLD", "1"), world.buy("TLT", "1")
        world.clock.sleep(60)
        expected = [fast.order_id, as_fast.order_id, slow.order_id]
        assert [fill.order_id for fill in world.broker.fills()] == expected


def test_a_fill_delayed_into_another_session_does_not_happen() -> None:
    with PaperWorld(faults=Faults(delay_s={SPY: 86_400.0})) as world:
        order = world.buy("SPY", "1")
        world.clock.advance_to(at(5, 15))
        assert world.broker.get_order(order.order_id).status is OrderStatus.EXPIRED
        assert world.broker.fills() == ()


def test_an_order_whose_reply_is_lost_is_there_to_be_found() -> None:
    with PaperWorld(faults=Faults(lose_reply={SPY: 1})) as world:
        with pytest.raises(ReplyLost, match="mine: sent, and no reply came"):
            world.buy("SPY", "1", "mine")
        found = world.broker.find_order("mine")
        assert found is not None
        assert found.status is OrderStatus.ACCEPTED
        world.clock.sleep(1)
        assert world.broker.get_order(found.order_id).status is OrderStatus.FILLED
        assert world.buy("SPY", "1").status is OrderStatus.ACCEPTED


def test_a_refused_order_does_not_use_up_a_lost_reply() -> None:
    with PaperWorld(faults=Faults(lose_reply={EVERY_ORDER: 1})) as world:
        with pytest.raises(OrderRejected):
            world.buy("NOPE", "1")
        with pytest.raises(ReplyLost):
            world.buy("SPY", "1")


def test_a_missing_quote_refuses_orders_and_leaves_the_position_its_value() -> None:
    faults = Faults(no_quote=frozenset({"SPY"}))
    with PaperWorld("0.00", (holding("SPY", "1", "100"),), faults=faults) as world:
        assert world.broker.quote("SPY") is None
        assert world.broker.quote("GLD") == Decimal("101.55")
        with pytest.raises(OrderRejected, match="there is no quote of SPY"):
            world.sell("SPY", "1")
        assert world.broker.account().portfolio_value == Decimal("200.10")


def test_an_outage_ends_after_as_many_calls_as_were_said() -> None:
    faults = Faults(outage_methods=frozenset({"account", "submit_order"}), outage_calls=2)
    with PaperWorld(faults=faults) as world:
        with pytest.raises(BrokerUnavailable, match="account: the paper broker is out"):
            world.broker.account()
        assert world.broker.positions() == ()
        with pytest.raises(BrokerUnavailable):
            world.buy("SPY", "1", "mine")
        assert world.broker.find_order("mine") is None
        assert world.buy("SPY", "1", "mine").status is OrderStatus.ACCEPTED


def test_an_outage_for_good_stops_every_method() -> None:
    with PaperWorld(faults=Faults(outage_methods=BROKER_METHODS)) as world:
        broker = world.broker
        for _ in range(3):
            for call in (
                broker.account,
                broker.positions,
                broker.open_orders,
                broker.is_market_open,
                lambda: broker.quote("SPY"),
                lambda: broker.get_order("paper-1"),
                lambda: broker.find_order("mine"),
                lambda: broker.cancel_order("paper-1"),
                lambda: world.buy("SPY", "1"),
            ):
                with pytest.raises(BrokerUnavailable):
                    call()
        assert (broker.orders(), broker.fills(), broker.state().open_orders) == ((), (), ())


def test_a_market_that_is_said_to_be_closed_takes_no_order() -> None:
    with PaperWorld(faults=Faults(market_closed=True)) as world:
        assert not world.broker.is_market_open()
        with pytest.raises(MarketClosed):
            world.buy("SPY", "1")
        assert world.broker.orders() == ()


def test_a_copy_has_the_faults_that_are_left() -> None:
    faults = Faults(
        outage_methods=frozenset({"account"}), outage_calls=2, lose_reply={SPY: 2}, delay_s={SPY: 30.0}
    )
    with PaperWorld(faults=faults) as world:
        with pytest.raises(BrokerUnavailable):
            world.broker.account()
        with pytest.raises(ReplyLost):
            world.buy("SPY", "1")
        copies = [
            world.broker.copy(market=FakeMarket(PRICES), clock=SimulatedClock(at(4, 15))) for _ in range(2)
        ]
        for broker in copies:
            with pytest.raises(BrokerUnavailable):
                broker.account()
            assert broker.account().cash == 10000
            with pytest.raises(ReplyLost):
                broker.submit_order(OrderRequest("lost", "SPY", Side.BUY, Decimal(1)))
            broker.submit_order(OrderRequest("heard", "SPY", Side.BUY, Decimal(1)))
            broker.close()
        with pytest.raises(BrokerUnavailable):
            world.broker.account()
        with pytest.raises(ReplyLost):
            world.buy("SPY", "1")


def test_the_fault_named_first_counts() -> None:
    faults = Faults(partial={SPY: Decimal(0), EVERY_ORDER: Decimal("0.5")})
    with PaperWorld(faults=faults) as world:
        world.buy("SPY", "2")
        world.buy("GLD", "2")
        world.clock.sleep(1)
        assert [order.filled_quantity for order in world.broker.open_orders()] == [0, 1]


def test_a_fault_does_not_change_with_the_dictionary_it_was_made_of() -> None:
    fractions = {SPY: Decimal("0.5")}
    faults = Faults(partial=fractions)
    fractions.clear()
    assert faults == Faults(partial={SPY: Decimal("0.5")})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Faults(partial={SPY: Decimal(1)}), "fraction is 1, allowed: 0 to below 1"),
        (lambda: Faults(partial={SPY: Decimal("NaN")}), "fraction is NaN"),
        (lambda: Faults(delay_s={SPY: -1.0}), r"-1\.0 seconds, allowed: 0 to 604800\.0"),
        (lambda: Faults(delay_s={SPY: float("nan")}), "nan seconds"),
        (lambda: Faults(lose_reply={SPY: 0}), "0 times, allowed: 1 or more"),
        (lambda: Faults(outage_methods=frozenset({"acount"})), "outage of acount: no method of a broker"),
        (lambda: Faults(outage_calls=0, outage_methods=BROKER_METHODS), "outage of 0 calls"),
        (lambda: Faults(outage_calls=1), "of no method: name outage_methods"),
    ],
)
def test_impossible_faults_are_refused(make: Callable[[], Faults], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
