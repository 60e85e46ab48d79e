"""The planner leaves `target_weight` at 0 "for display"; the executor sells the whole position.

The planner had worked out the amounts and saw no further use for the weight. The executor, written by
somebody else, took 0 for "not targeted any more" and sold all of it where a trim was planned.
"""

from dataclasses import replace
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.money import ZERO
from trading.domain.plan import RebalancePlan, plan_rebalance
from trading.handlers import portfolio_event_handler


def plan_without_weights(*planning: Any) -> RebalancePlan:
    plan = plan_rebalance(*planning)
    return replace(plan, items=tuple(replace(item, target_weight=ZERO) for item in plan.items))


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that plans leaves out the target weight of every item."""
    patch.setattr(portfolio_event_handler, "plan_rebalance", plan_without_weights)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("portfolio.rebalance-plan", "result.items[*].target_weight", Kind.VALUE)],
)
