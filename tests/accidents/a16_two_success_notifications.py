"""Two success notifications per run.

The handler that had told of successes was kept when one that tells of every end was added.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading import composition
from trading.events.bus.handling import Handling
from trading.events.messages.workflow import TradingWorkflowCompleted
from trading.handlers.notification_handler import NotificationHandler
from trading.handlers.subscriptions import Subscription, subscriptions
from trading.services import Services
from trading.settings import Settings


class SuccessHandler(NotificationHandler):
    def handle_success(self, event: TradingWorkflowCompleted, handling: Handling) -> None:
        if event.success:
            self.handle_trading_workflow_completed(event, handling)


def with_both(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    success = SuccessHandler(services).handle_success
    return (
        *subscriptions(services, settings),
        (TradingWorkflowCompleted, success, "notification.success"),
    )


def plant(patch: pytest.MonkeyPatch) -> None:
    """Both handlers are subscribed to the end of a workflow."""
    patch.setattr(composition, "subscriptions", with_both)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.notifier.send[*]", Kind.EFFECT_EXTRA)],
)
