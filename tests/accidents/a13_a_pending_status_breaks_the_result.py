"""A pending status crashes the building of the result.

The result of an order was built when the order was placed. There is a fate for every way in which an order
ends, and none for one that has not ended yet.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import COMPARE, Accident, Place
from trading.domain.execution import OrderFate, OrderOutcome
from trading.domain.plan import RebalanceItem
from trading.execution.executor import Attempt, PlanExecutor, Sizing
from trading.handlers import execution_handler


class ResultAtOnce(PlanExecutor):
    def _place(self, item: RebalanceItem, blank: OrderOutcome, sizing: Sizing) -> Attempt:
        outcome, order = super()._place(item, blank, sizing)
        if order is not None:
            OrderFate(order.status.value)
        return outcome, order


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes names the fate of an order as soon as it is placed."""
    patch.setattr(execution_handler, "PlanExecutor", ResultAtOnce)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_MISSING)],
    command=(*COMPARE, "--world", "copy"),
)
