"""The broker wrapper returns another type than the executor expects; placed orders count as failed.

The wrapper answered with a record of its own. The order was live; the executor took what it did not know
for a refusal, and broke when it asked the refusal for its reason.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import COMPARE, Accident, Place
from tests.accidents.wrapped_broker import WrappedBroker
from trading.broker.port import Broker
from trading.clock import Clock
from trading.domain.order import Order, OrderRequest
from trading.execution.executor import PlanExecutor
from trading.execution.orders import ExecutionPolicy
from trading.handlers import execution_handler


@dataclass(frozen=True)
class PlacedOrder:
    order: Order


class RecordingBroker(WrappedBroker):
    def submit_order(self, order: OrderRequest) -> Any:
        return PlacedOrder(super().submit_order(order))


class Wrapping(PlanExecutor):
    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy) -> None:
        super().__init__(RecordingBroker(broker), clock, policy)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes talks to the broker through the wrapper."""
    patch.setattr(execution_handler, "PlanExecutor", Wrapping)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_MISSING)],
    command=(*COMPARE, "--world", "copy"),
)
