"""The same event delivered twice trades twice.

The transport gave a message again whose receipt it had not heard of, under an id of its own. The handler
named its orders after the message, so that the broker could not know them again either.
"""

from dataclasses import replace

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading import composition
from trading.domain.plan import RebalancePlan
from trading.events.bus.handling import Handling
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.rebalance import ExecutionRequested
from trading.handlers import subscriptions as handlers
from trading.handlers.execution_handler import ExecutionHandler
from trading.handlers.subscriptions import Subscription, subscriptions
from trading.services import Services
from trading.settings import Settings

AGAIN = {"delivery": "2"}


class NamesAfterTheMessage(ExecutionHandler):
    def _execute(self, plan: RebalancePlan, record: WorkflowRecord, handling: Handling) -> None:
        assert handling.event is not None
        super()._execute(replace(plan, plan_id=f"plan-{handling.event.event_id}"), record, handling)


def deliver_again(event: ExecutionRequested, handling: Handling) -> None:
    if event.metadata != AGAIN:
        handling.publish(ExecutionRequested, plan=event.plan, metadata=AGAIN)


def with_transport(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    return (
        (ExecutionRequested, deliver_again, "transport"),
        *subscriptions(services, settings),
    )


def plant(patch: pytest.MonkeyPatch) -> None:
    """Requests for execution are delivered twice, and orders are named after the delivery."""
    patch.setattr(composition, "subscriptions", with_transport)
    patch.setattr(handlers, "ExecutionHandler", NamesAfterTheMessage)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "events.trading.ExecutionRequested", Kind.EVENT_REPEATED),
    ],
)
