"""Money as `float` in one event, `Decimal` in another.

The plan's amounts came from a calculation in floats, the prices were decimals. The event took both; whoever
divided one by the other did not.
"""

from dataclasses import replace
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.plan import RebalancePlan, plan_rebalance
from trading.handlers import portfolio_event_handler


def plan_in_floats(*planning: Any) -> RebalancePlan:
    plan = plan_rebalance(*planning)
    amounts: list[Any] = [float(item.trade_amount) for item in plan.items]
    items = zip(plan.items, amounts, strict=True)
    return replace(plan, items=tuple(replace(item, trade_amount=amount) for item, amount in items))


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that plans has the amounts of its trades as floats."""
    patch.setattr(portfolio_event_handler, "plan_rebalance", plan_in_floats)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("portfolio.rebalance-plan", "result.items[*].trade_amount", Kind.TYPE)],
)
