"""An execution that was interrupted anywhere is carried on: every order once, and the same account."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import pytest

from tests.trading.support.fakes import (
    BrokerThrough,
    FailingBroker,
    Interrupted,
    InterruptingBroker,
    new_clock,
    open_paper_broker,
    state_of,
)
from tests.trading.support.planning import execute, fates, holdings, order_names, plan_for
from trading.broker.faults import NO_FAULTS, Faults, OrdersOf
from trading.broker.paper import PaperBroker
from trading.broker.port import BrokerUnavailable
from trading.clock import Clock, SimulatedClock
from trading.domain.audit import audit
from trading.domain.execution import ExecutionResult
from trading.domain.plan import RebalancePlan

PRICES = {"AAA": "100", "BBB": "50", "CCC": "30", "DDD": "10"}
TARGETS = {"BBB": "0.1", "CCC": "0.4", "DDD": "0.4"}

SITUATIONS = {
    "all goes well": NO_FAULTS,
    "replies are lost": Faults(lose_reply={OrdersOf(): 2}),
    "an order fills in part": Faults(partial={OrdersOf("CCC"): Decimal("0.5")}),
    "an order is refused": Faults(reject=frozenset({OrdersOf("AAA")})),
    "a sell is slow": Faults(delay_s={OrdersOf("AAA"): 5.0}),
    "a sell is too slow": Faults(delay_s={OrdersOf("AAA"): 500.0}),
    "the broker is out for a while": Faults(
        outage_methods=frozenset({"submit_order", "find_order"}), outage_calls=2
    ),
}


def open_account(clock: Clock, faults: Faults) -> PaperBroker:
    held = {"AAA": "100", "BBB": "100"}
    return open_paper_broker(clock, PRICES, cash="5000.00", held=held, faults=faults)


def make_plan() -> RebalancePlan:
    return plan_for(open_account(new_clock(), NO_FAULTS), TARGETS)


def uninterrupted(faults: Faults) -> tuple[PaperBroker, ExecutionResult, int]:
    clock = new_clock()
    broker = open_account(clock, faults)
    watched = BrokerThrough(broker)
    return broker, execute(watched, clock, make_plan()), len(watched.calls)


@dataclass(frozen=True)
class Ending:
    """How an execution ended that was interrupted somewhere and resumed."""

    where: str
    names: list[str]
    account: tuple[dict[str, str], Decimal]
    fates: dict[str, str]
    audit: list[str]


def ending(where: str, broker: PaperBroker, result: ExecutionResult) -> Ending:
    before = state_of(open_account(new_clock(), NO_FAULTS))
    return Ending(
        where,
        sorted(order_names(broker)),
        (holdings(broker), broker.account().cash),
        fates(result),
        audit(before, broker.fills(), state_of(broker)),
    )


@cache
def endings(situation: str) -> tuple[Ending, tuple[Ending, ...]]:
    """Without interruption, and interrupted at call 1, 2, 3 and so on, before and after it is done."""
    faults = SITUATIONS[situation]
    broker, result, calls = uninterrupted(faults)
    interrupted = []
    for at_call in range(1, calls + 1):
        for done in (False, True):
            clock = new_clock()
            account = open_account(clock, faults)
            ends = InterruptingBroker(account, at_call, done=done)
            with pytest.raises(Interrupted):
                execute(ends, clock, make_plan())
            resumed = execute(account, clock, make_plan(), resuming=True)
            where = f"{'after' if done else 'before'} {ends.calls[-1]}"
            interrupted.append(ending(where, account, resumed))
    return ending("nowhere", broker, result), tuple(interrupted)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_order_is_placed_once_wherever_the_execution_was_interrupted(situation: str) -> None:
    whole, interrupted = endings(situation)
    assert [found.where for found in interrupted if found.names != whole.names] == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_account_ends_as_it_would_have_without_the_interruption(situation: str) -> None:
    whole, interrupted = endings(situation)
    assert [found.where for found in interrupted if found.account != whole.account] == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_trade_is_reported_as_it_would_have_been_without_the_interruption(situation: str) -> None:
    whole, interrupted = endings(situation)
    assert [found.where for found in interrupted if found.fates != whole.fates] == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_books_close_over_every_interruption(situation: str) -> None:
    assert [found.where for found in endings(situation)[1] if found.audit] == []


def test_an_execution_that_was_complete_changes_nothing_when_it_is_resumed() -> None:
    clock = new_clock()
    broker = open_account(clock, NO_FAULTS)
    first = execute(broker, clock, make_plan())
    held, names = holdings(broker), order_names(broker)
    assert execute(broker, clock, make_plan(), resuming=True) == first
    assert (holdings(broker), order_names(broker)) == (held, names)


def interrupted_after(call: str) -> tuple[SimulatedClock, PaperBroker]:
    class EndingBroker(BrokerThrough):
        def after(self, done: str) -> None:
            if done == call:
                raise Interrupted(done)

    clock = new_clock()
    broker = open_account(clock, NO_FAULTS)
    with pytest.raises(Interrupted):
        execute(EndingBroker(broker), clock, make_plan())
    return clock, broker


def test_an_order_that_may_have_been_placed_and_can_not_be_looked_up_is_unknown_and_not_sent() -> None:
    clock, broker = interrupted_after("submit plan-1.CCC.BUY")
    down = FailingBroker(broker, {"find plan-1.DDD": (BrokerUnavailable("out"), 99)})
    result = execute(down, clock, make_plan(), resuming=True)
    assert fates(result)["BUY DDD"] == "UNKNOWN"
    assert fates(result)["BUY CCC"] == "FILLED"
    assert "submit plan-1.DDD.BUY" not in down.calls


def test_found_orders_are_followed_though_no_new_one_can_be_sized() -> None:
    clock, broker = interrupted_after("submit plan-1.CCC.BUY")
    down = FailingBroker(broker, {"account": (BrokerUnavailable("out"), 99)})
    result = execute(down, clock, make_plan(), resuming=True)
    assert fates(result)["BUY CCC"] == "FILLED"
    assert fates(result)["BUY DDD"] == "UNAVAILABLE"


def test_a_buy_that_was_cut_by_buying_power_is_still_told_to_be_unfunded() -> None:
    clock = new_clock()
    faults = Faults(reject=frozenset({OrdersOf("AAA")}))
    broker = open_account(clock, faults)
    first = execute(broker, clock, make_plan())
    assert "UNFUNDED" in fates(first).values()
    assert fates(execute(broker, clock, make_plan(), resuming=True)) == fates(first)
