"""An exit sells what can be sold, whatever step the holding was bought with, and says what stays."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.support.fakes import new_clock, open_paper_broker
from tests.trading.support.planning import execute, plan_for
from trading.domain.execution import OrderFate
from trading.execution.orders import ExecutionPolicy

steps = st.sampled_from(["0.000001", "0.001", "0.3", "1", "3", "10"])
holdings = st.decimals("0.0001", "3000", places=6)  # worth a cent at least: less is no value to plan with


@given(holdings, steps)
def test_an_exit_is_never_refused_and_leaves_less_than_one_step(held: Decimal, step: str) -> None:
    clock, one_step = new_clock(), Decimal(step)
    broker = open_paper_broker(clock, {"AAA": "100"}, cash="0.00", held={"AAA": str(held)}, step=step)
    plan = plan_for(broker, {})
    result = execute(broker, clock, plan, ExecutionPolicy(quantity_step=one_step))
    left = sum((position.quantity for position in broker.positions()), Decimal(0))
    assert left < one_step
    assert result.success
    for outcome in result.outcomes:
        sold = held - left
        assert outcome.fate is (OrderFate.FILLED if sold else OrderFate.BELOW_STEP)
        assert outcome.wanted_quantity == outcome.filled_quantity == sold
        assert outcome.detail.startswith(f"{left} of {held} held cannot be sold" if left else "")
        assert bool(outcome.detail) == bool(left)


def test_more_than_one_order_takes_is_sold_in_turn() -> None:
    clock = new_clock()
    broker = open_paper_broker(clock, {"AAA": "1"}, cash="0.00", held={"AAA": "2500000000"})
    for left in ("1500000000", "500000000"):
        plan = replace(plan_for(broker, {}), plan_id=f"plan-{left}")
        assert execute(broker, clock, plan).success
        assert [str(position.quantity) for position in broker.positions()] == [left]
