"""The minimum trade amount exists only in the legacy planner; the event path trades dust.

The planner was written anew from its tests, and no test had a trade that was too small.
"""

from decimal import Decimal

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.comparison import AllocationComparison
from trading.domain.money import ZERO
from trading.domain.plan import RebalancePlan, plan_rebalance
from trading.handlers import portfolio_event_handler


def plan_everything(comparison: AllocationComparison, _minimum: Decimal, plan_id: str) -> RebalancePlan:
    return plan_rebalance(comparison, ZERO, plan_id)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that plans knows no minimum."""
    patch.setattr(portfolio_event_handler, "plan_rebalance", plan_everything)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.DIVERGED,
    [
        Place("portfolio.rebalance-plan", "result.items[*]", Kind.VALUE),
    ],
)
