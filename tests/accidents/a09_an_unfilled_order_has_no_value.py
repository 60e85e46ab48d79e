"""An unfilled order has value 0 and its result is invalid.

The model of an executed order wanted a value above 0. The first order that was refused ended the report of
all of them, after the others had been placed.
"""

from decimal import Decimal

import pytest
from pydantic import BaseModel, Field

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.execution import ExecutionResult
from trading.domain.money import ZERO
from trading.domain.plan import RebalancePlan
from trading.execution.executor import PlanExecutor
from trading.handlers import execution_handler


class ExecutedOrder(BaseModel):
    symbol: str
    value: Decimal = Field(gt=0)


class Valuing(PlanExecutor):
    def execute(self, plan: RebalancePlan, *, resuming: bool) -> ExecutionResult:
        done = super().execute(plan, resuming=resuming)
        for one in done.outcomes:
            ExecutedOrder(symbol=one.symbol, value=one.filled_quantity * (one.average_price or ZERO))
        return done


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes gives every order a value, and refuses one of 0."""
    patch.setattr(execution_handler, "PlanExecutor", Valuing)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "effects.notifier.send[*].notification.body", Kind.EFFECT_CHANGED),
    ],
)
