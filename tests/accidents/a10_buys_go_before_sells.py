"""Buys go before sells.

Money that the sells would have brought was not there yet: the buys were cut down to what was left.
"""

from dataclasses import replace

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.execution import ExecutionResult
from trading.domain.plan import RebalanceAction, RebalancePlan
from trading.execution.executor import PlanExecutor
from trading.handlers import execution_handler


class BuysFirst(PlanExecutor):
    def execute(self, plan: RebalancePlan, *, resuming: bool) -> ExecutionResult:
        bought = super().execute(_only(plan, RebalanceAction.BUY), resuming=resuming)
        sold = super().execute(_only(plan, RebalanceAction.SELL), resuming=resuming)
        return ExecutionResult(plan.plan_id, (*sold.outcomes, *bought.outcomes))


def _only(plan: RebalancePlan, action: RebalanceAction) -> RebalancePlan:
    return replace(plan, items=tuple(item for item in plan.items if item.action is action))


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes trades the plan's other side first."""
    patch.setattr(execution_handler, "PlanExecutor", BuysFirst)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_MISSING),
        Place("trading.workflow", "effects.broker", Kind.EFFECT_ORDER),
    ],
)
