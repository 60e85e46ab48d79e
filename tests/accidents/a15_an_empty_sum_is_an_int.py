"""An empty order list makes a sum an `int` where a `Decimal` is required.

The value of all trades was summed up for the event. Where nothing is to be traded the sum is Python's own 0.
"""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.plan import RebalancePlan, plan_rebalance
from trading.handlers import portfolio_event_handler


class TradeTotal(BaseModel):
    model_config = ConfigDict(strict=True)

    value: Decimal


def plan_with_total(*planning: Any) -> RebalancePlan:
    plan = plan_rebalance(*planning)
    TradeTotal(value=sum(abs(item.trade_amount) for item in plan.trades))  # type: ignore[arg-type]
    return plan


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that plans adds up the trades without a Decimal to begin with."""
    patch.setattr(portfolio_event_handler, "plan_rebalance", plan_with_total)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("portfolio.rebalance-plan", "result", Kind.VALUE)],
)
