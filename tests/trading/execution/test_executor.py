"""A plan is carried out in order, within means, and every trade has a fate that says what became of it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.support.fakes import BrokerThrough, FailingBroker, new_clock, open_paper_broker
from tests.trading.support.planning import execute, fates, holdings, order_names, plan_for
from trading.broker.faults import Faults, OrdersOf
from trading.broker.port import BrokerError, BrokerUnavailable, ReplyLost
from trading.domain.execution import OrderFate
from trading.domain.order import Order, OrderRequest, OrderStatus, Side
from trading.execution.orders import ExecutionPolicy

PRICES = {"AAA": "100", "BBB": "50", "CCC": "30", "DDD": "10"}
HELD = {"AAA": "100", "BBB": "100"}  # worth 10,000 and 5,000
TARGETS = {"BBB": "0.1", "CCC": "0.4", "DDD": "0.4"}  # of 20,000
OUT = BrokerUnavailable("out of reach")
LOST = ReplyLost("no reply")


def test_a_whole_plan_is_traded() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, cash="5000.00", held=HELD)
    result = execute(broker, clock, plan_for(broker, TARGETS))
    assert result.success
    assert holdings(broker) == {"BBB": "40", "CCC": "266", "DDD": "800"}


def test_every_sell_is_settled_before_the_first_buy_is_sized() -> None:
    clock = new_clock()
    faults = Faults(delay_s={OrdersOf(side=Side.SELL): 7.0})
    broker = BrokerThrough(open_paper_broker(clock, PRICES, cash="0.00", held=HELD, faults=faults))

    class Watching(BrokerThrough):
        def before(self, call: str) -> None:
            if call == "account" or call.endswith("BUY"):
                assert broker.open_orders() == () or call.endswith("DDD.BUY")

    watching = Watching(broker)
    execute(watching, clock, plan_for(broker, TARGETS))
    assert [call for call in watching.calls if call.startswith("submit")] == [
        "submit plan-1.AAA.SELL",
        "submit plan-1.BBB.SELL",
        "submit plan-1.CCC.BUY",
        "submit plan-1.DDD.BUY",
    ]


def test_quantities_are_rounded_down_to_the_step_of_the_broker() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, {"AAA": "300"}, cash="1000.00", step="0.01")
    policy = ExecutionPolicy(quantity_step=Decimal("0.01"))
    execute(broker, clock, plan_for(broker, {"AAA": "1"}), policy)
    assert holdings(broker) == {"AAA": "3.33"}


def test_an_exit_leaves_exactly_nothing_behind_where_the_step_divides_it() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, {"AAA": "3.07"}, cash="0.00", held={"AAA": "7.123"}, step="0.001")
    execute(broker, clock, plan_for(broker, {}), ExecutionPolicy(quantity_step=Decimal("0.001")))
    assert broker.positions() == ()


def test_never_more_is_sold_than_is_held() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, cash="0.00", held={"AAA": "10"})
    plan = plan_for(broker, {"AAA": "0.1"})
    [item] = plan.items
    too_much = replace(plan, items=(replace(item, trade_amount=Decimal(-1500)),))
    result = execute(broker, clock, too_much)
    assert broker.positions() == ()
    assert result.outcomes[0].detail == "held were 10 of 15"


def test_a_part_of_a_step_that_is_held_is_not_offered_to_a_broker_that_takes_none() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, cash="0.00", held={"AAA": "10.5"})
    plan = plan_for(broker, {"AAA": "0.01"})
    [item] = plan.items
    execute(broker, clock, replace(plan, items=(replace(item, trade_amount=Decimal(-1100)),)))
    assert holdings(broker) == {"AAA": "0.5"}


def test_buys_beyond_buying_power_are_cut_and_then_left_out() -> None:
    clock = new_clock()
    faults = Faults(reject=frozenset({OrdersOf("AAA")}))
    broker = open_paper_broker(clock, PRICES, cash="9000.00", held=HELD, faults=faults)
    result = execute(broker, clock, plan_for(broker, {"BBB": "0.2", "CCC": "0.3", "DDD": "0.5"}))
    bought = {outcome.symbol: outcome for outcome in result.outcomes}
    assert fates(result) == {
        "SELL AAA": "REJECTED",
        "SELL BBB": "FILLED",
        "BUY DDD": "UNFUNDED",
        "BUY CCC": "UNFUNDED",
    }
    assert bought["DDD"].detail == "buying power for 920 of 1200"
    assert bought["CCC"].detail == "nothing is left to trade with"
    assert broker.account().cash >= 0


def test_a_buy_for_which_nothing_is_left_is_not_sent() -> None:
    clock = new_clock()
    faults = Faults(reject=frozenset({OrdersOf("AAA")}))
    broker = open_paper_broker(clock, PRICES, cash="0.00", held={"AAA": "100"}, faults=faults)
    result = execute(broker, clock, plan_for(broker, {"CCC": "1"}))
    assert fates(result) == {"SELL AAA": "REJECTED", "BUY CCC": "UNFUNDED"}
    assert order_names(broker) == ["plan-1.AAA.SELL"]


def test_less_than_one_step_is_as_wanted() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, cash="99.00")
    result = execute(broker, clock, plan_for(broker, {"AAA": "1"}))
    assert fates(result) == {"BUY AAA": "BELOW_STEP"}
    assert result.success


def test_a_partial_fill_is_cancelled_at_the_deadline_and_told() -> None:
    clock = new_clock()
    began = clock.now()
    broker = open_paper_broker(clock, PRICES, faults=Faults(partial={OrdersOf("AAA"): Decimal("0.25")}))
    result = execute(broker, clock, plan_for(broker, {"AAA": "0.4", "CCC": "0.3"}))
    assert fates(result) == {"BUY AAA": "PARTIALLY_FILLED", "BUY CCC": "FILLED"}
    assert result.outcomes[0].detail == "100 of 400 filled, the rest cancelled by its sender"
    assert broker.open_orders() == ()
    assert (clock.now() - began).total_seconds() == 60


def test_an_order_that_does_not_fill_in_time_is_cancelled() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, faults=Faults(delay_s={OrdersOf("AAA"): 61.0}))
    result = execute(broker, clock, plan_for(broker, {"AAA": "0.4"}))
    assert fates(result) == {"BUY AAA": "TIMED_OUT"}
    clock.sleep(3600)
    assert broker.positions() == ()


def test_an_order_that_fills_at_the_last_moment_is_filled() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, faults=Faults(delay_s={OrdersOf("AAA"): 60.0}))
    assert execute(broker, clock, plan_for(broker, {"AAA": "0.4"})).success


def test_the_deadline_counts_the_time_that_answers_take() -> None:
    clock = new_clock()
    began = clock.now()
    broker = open_paper_broker(clock, PRICES, faults=Faults(delay_s={OrdersOf("AAA"): 900.0}))

    class Slow(BrokerThrough):
        def before(self, call: str) -> None:
            if call.startswith("get"):
                clock.sleep(20)

    execute(Slow(broker), clock, plan_for(broker, {"AAA": "0.4"}))
    assert (clock.now() - began).total_seconds() == 63


def test_an_order_that_can_neither_fill_nor_be_cancelled_is_told_to_be_open() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, faults=Faults(delay_s={OrdersOf("AAA"): 900.0}))
    failing = FailingBroker(broker, {"cancel": (OUT, 99)})
    result = execute(failing, clock, plan_for(broker, {"AAA": "0.4"}))
    assert fates(result) == {"BUY AAA": "TIMED_OUT"}
    assert "still open" in result.outcomes[0].detail


@pytest.mark.parametrize("error", [OUT, LOST])
def test_a_cancel_without_an_answer_is_repeated(error: BrokerError) -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, faults=Faults(delay_s={OrdersOf("AAA"): 900.0}))
    execute(FailingBroker(broker, {"cancel": (error, 2)}), clock, plan_for(broker, {"AAA": "0.4"}))
    assert broker.open_orders() == ()


@pytest.mark.parametrize("quote", [None, "0", "NaN", "-1"])
def test_a_symbol_without_a_usable_quote_keeps_no_other_from_trading(quote: str | None) -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES)

    class Quoting(BrokerThrough):
        def quote(self, symbol: str) -> Decimal | None:
            if symbol != "AAA":
                return super().quote(symbol)
            return None if quote is None else Decimal(quote)

    result = execute(Quoting(broker), clock, plan_for(broker, {"AAA": "0.4", "CCC": "0.3"}))
    assert fates(result) == {"BUY AAA": "NO_QUOTE", "BUY CCC": "FILLED"}


def test_a_rejected_order_keeps_no_other_from_trading() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, faults=Faults(reject=frozenset({OrdersOf("AAA")})))
    result = execute(broker, clock, plan_for(broker, {"AAA": "0.4", "CCC": "0.3"}))
    assert fates(result) == {"BUY AAA": "REJECTED", "BUY CCC": "FILLED"}
    assert not result.success


@pytest.mark.parametrize("call", ["quote AAA", "submit plan-1.AAA"])
def test_a_symbol_that_the_broker_does_not_answer_for_keeps_no_other_from_trading(call: str) -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES)
    failing = FailingBroker(broker, {call: (OUT, 99)})
    result = execute(failing, clock, plan_for(broker, {"AAA": "0.4", "CCC": "0.3"}))
    assert fates(result) == {"BUY AAA": "UNAVAILABLE", "BUY CCC": "FILLED"}
    assert len([asked for asked in failing.calls if asked.startswith(call)]) == 3


def test_sells_that_cannot_be_sized_keep_no_buy_from_being_tried() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, cash="9000.00", held={"AAA": "10"})
    failing = FailingBroker(broker, {"positions": (OUT, 99)})
    result = execute(failing, clock, plan_for(broker, {"CCC": "0.5"}))
    assert fates(result) == {"SELL AAA": "UNAVAILABLE", "BUY CCC": "FILLED"}


@pytest.mark.parametrize("calls", [1, 2])
@pytest.mark.parametrize("method", ["account", "positions", "quote", "submit_order", "get_order"])
def test_an_outage_shorter_than_our_patience_changes_nothing(method: str, calls: int) -> None:
    clock = new_clock()
    faults = Faults(outage_methods=frozenset({method}), outage_calls=calls)
    twin = open_paper_broker(clock, PRICES, cash="5000.00", held=HELD)
    plan = plan_for(twin, TARGETS)
    broker = open_paper_broker(clock, PRICES, cash="5000.00", held=HELD, faults=faults)
    assert execute(broker, clock, plan).success
    assert holdings(broker) == {"BBB": "40", "CCC": "266", "DDD": "800"}


def test_a_broker_that_is_out_for_good_ends_every_trade_as_unavailable() -> None:
    clock = new_clock()
    plan = plan_for(open_paper_broker(clock, PRICES, cash="5000.00", held=HELD), TARGETS)
    faults = Faults(outage_methods=frozenset({"submit_order"}))
    broker = open_paper_broker(clock, PRICES, cash="5000.00", held=HELD, faults=faults)
    assert set(fates(execute(broker, clock, plan)).values()) == {"UNAVAILABLE"}
    assert broker.orders() == ()


def test_an_order_whose_reply_was_lost_is_found_and_not_sent_again() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, faults=Faults(lose_reply={OrdersOf(): 9}))
    watched = BrokerThrough(broker)
    result = execute(watched, clock, plan_for(broker, {"AAA": "0.4", "CCC": "0.3"}))
    assert result.success
    assert order_names(broker) == ["plan-1.AAA.BUY", "plan-1.CCC.BUY"]
    assert len([call for call in watched.calls if call.startswith("submit")]) == 2


def test_an_order_that_never_arrived_is_sent_again_under_the_same_name() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES)
    failing = FailingBroker(broker, {"submit": (LOST, 2)})
    assert execute(failing, clock, plan_for(broker, {"AAA": "0.4"})).success
    assert {call for call in failing.calls if call.startswith("submit")} == {"submit plan-1.AAA.BUY"}
    assert order_names(broker) == ["plan-1.AAA.BUY"]


def test_an_order_that_never_arrives_is_unavailable_in_the_end() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES)
    result = execute(FailingBroker(broker, {"submit": (LOST, 99)}), clock, plan_for(broker, {"AAA": "0.4"}))
    assert result.outcomes[0].fate is OrderFate.UNAVAILABLE
    assert result.outcomes[0].detail == "no reply; the broker holds no such order"


@pytest.mark.parametrize("down", [OUT, LOST])
def test_an_order_that_can_not_be_looked_up_is_unknown_and_its_money_is_spoken_for(
    down: BrokerError,
) -> None:
    clock = new_clock()
    faults = Faults(lose_reply={OrdersOf("AAA"): 1}, delay_s={OrdersOf("AAA"): 30.0})
    plan = plan_for(open_paper_broker(clock, PRICES, cash="10000.00"), {"AAA": "0.6", "CCC": "0.4"})
    broker = open_paper_broker(clock, PRICES, cash="8000.00", faults=faults)
    result = execute(FailingBroker(broker, {"find": (down, 99)}), clock, plan)
    assert fates(result) == {"BUY AAA": "UNKNOWN", "BUY CCC": "UNFUNDED"}
    assert "plan-1.AAA.BUY" in result.outcomes[0].detail
    assert result.outcomes[1].filled_quantity == 66  # 8,000 less 6,000 that may be spent, at 30
    assert order_names(broker) == ["plan-1.AAA.BUY", "plan-1.CCC.BUY"]


def test_a_refusal_whose_reply_was_lost_takes_no_money_from_the_others() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, PRICES, cash="10000.00")
    plan = plan_for(broker, {"AAA": "0.6", "CCC": "0.4"})
    refused = Faults(reject=frozenset({OrdersOf("AAA")}))
    twin = open_paper_broker(clock, PRICES, cash="6000.00", faults=refused)

    class ReplyOfRefusalLost(BrokerThrough):
        def submit_order(self, order: OrderRequest) -> Order:
            try:
                return super().submit_order(order)
            except BrokerError as error:
                raise LOST from error

    result = execute(ReplyOfRefusalLost(twin), clock, plan)
    assert fates(result) == {"BUY AAA": "REJECTED", "BUY CCC": "FILLED"}


def test_a_plan_without_trades_asks_the_broker_nothing() -> None:
    clock = new_clock()
    broker = BrokerThrough(open_paper_broker(clock, PRICES))
    plan = plan_for(broker.inner, {})
    result = execute(broker, clock, plan)
    assert result.success
    assert (result.outcomes, broker.calls) == ((), [])


def test_an_order_that_a_broker_fills_at_once_is_not_waited_for() -> None:
    clock = new_clock()
    began = clock.now()
    broker = open_paper_broker(clock, PRICES)

    class FillingAtOnce(BrokerThrough):
        def submit_order(self, order: OrderRequest) -> Order:
            placed = super().submit_order(order)
            return replace(
                placed,
                status=OrderStatus.FILLED,
                filled_quantity=placed.quantity,
                filled_average_price=Decimal(100),
            )

    assert execute(FillingAtOnce(broker), clock, plan_for(broker, {"AAA": "0.4"})).success
    assert clock.now() == began
