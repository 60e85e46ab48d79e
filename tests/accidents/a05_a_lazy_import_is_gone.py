"""A lazily imported module that was removed makes every order fail.

The import stood in the function that sends an order, so that no test that did not send one met it.
"""

from importlib import import_module

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from tests.accidents.wrapped_broker import WrappedBroker
from trading.broker.port import Broker
from trading.clock import Clock
from trading.domain.order import Order, OrderRequest
from trading.execution.executor import PlanExecutor
from trading.execution.orders import ExecutionPolicy
from trading.handlers import execution_handler


class CheckedBroker(WrappedBroker):
    def submit_order(self, order: OrderRequest) -> Order:
        import_module("trading.execution.order_limits").check(order)
        return super().submit_order(order)


class Checking(PlanExecutor):
    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy) -> None:
        super().__init__(CheckedBroker(broker), clock, policy)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes imports a module that is no more, before each order."""
    patch.setattr(execution_handler, "PlanExecutor", Checking)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_MISSING)],
)
