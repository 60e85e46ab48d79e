"""`TradeExecuted` carries another correlation id; results are filed where nobody waits.

The handler made an id of its own for what it published. The workflow had traded and waited for the news
until its deadline.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.events.bus.handling import Handling
from trading.events.messages.rebalance import ExecutionRequested, TradeExecuted
from trading.handlers import subscriptions
from trading.handlers.execution_handler import ExecutionHandler


class NamesItsOwn(ExecutionHandler):
    def handle_execution_requested(self, event: ExecutionRequested, handling: Handling) -> None:
        super().handle_execution_requested(event, handling)
        # The bus of today refuses such an event where it is published; the bus of that day did not.
        handling.published[:] = [
            (
                published.model_copy(update={"correlation_id": f"execution-{event.event_id}"})
                if isinstance(published, TradeExecuted)
                else published,
                due,
            )
            for published, due in handling.published
        ]


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes publishes under a correlation id of its own."""
    patch.setattr(subscriptions, "ExecutionHandler", NamesItsOwn)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "events.trading.TradeExecuted", Kind.EVENT_CORRELATION),
    ],
)
