"""A status arrives as `ORDERSTATUS.ACCEPTED`; the order is live but reported failed.

The adapter wrote the status of the broker's library as text, and an enum that is no text writes its own name
along. No status of ours is called so: the order was taken for refused.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from tests.accidents.wrapped_broker import WrappedBroker
from trading.broker.port import Broker, OrderRejected
from trading.clock import Clock
from trading.domain.order import Order, OrderRequest, OrderStatus
from trading.execution.executor import PlanExecutor
from trading.execution.orders import ExecutionPolicy
from trading.handlers import execution_handler


class AdaptedBroker(WrappedBroker):
    def submit_order(self, order: OrderRequest) -> Order:
        placed = super().submit_order(order)
        status = f"{type(placed.status).__name__}.{placed.status}".upper()
        if status not in {each.value for each in OrderStatus}:
            raise OrderRejected(f"{order.client_order_id}: {status}")
        return placed


class Adapted(PlanExecutor):
    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy) -> None:
        super().__init__(AdaptedBroker(broker), clock, policy)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes reads the status of a placed order from its text."""
    patch.setattr(execution_handler, "PlanExecutor", Adapted)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "effects.notifier.send[*].notification", Kind.EFFECT_CHANGED),
    ],
)
