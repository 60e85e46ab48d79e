"""A replacement order goes out before the cancel took effect.

What had not filled at the deadline was ordered anew, and only then cancelled. For a moment both could fill.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.broker.port import Broker
from trading.clock import Clock
from trading.domain.order import Order, OrderRequest
from trading.execution.executor import PlanExecutor
from trading.execution.orders import ExecutionPolicy, Settlement, Submission
from trading.handlers import execution_handler


class ReplacingSettlement(Settlement):
    def _cancel(self, order: Order) -> Order:
        rest = order.quantity - order.filled_quantity
        again = OrderRequest(f"{order.client_order_id}.again", order.symbol, order.side, rest)
        self._submission.place(again)
        return super()._cancel(order)


class Replacing(PlanExecutor):
    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy) -> None:
        super().__init__(broker, clock, policy)
        submission = Submission(broker, clock, policy)
        self._settlement = ReplacingSettlement(broker, clock, policy, submission)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes replaces what is late before it cancels it."""
    patch.setattr(execution_handler, "PlanExecutor", Replacing)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_EXTRA)],
)
