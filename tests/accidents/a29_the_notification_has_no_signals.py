"""The notification lacks signals because it is built before they were stored (order of subscribers).

The end of a run had two subscribers: who files the signals, and who tells people what is on file. The second
came first.
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
from trading.results import ResultDict
from trading.services import Services
from trading.settings import Settings


class Files:
    def __init__(self) -> None:
        self.signals: dict[str, ResultDict] = {}

    def file(self, event: TradingWorkflowCompleted, handling: Handling) -> None:
        self.signals[event.workflow_id] = event.results["strategy_signals"]


class TellsWhatIsOnFile(NotificationHandler):
    def __init__(self, services: Services, files: Files) -> None:
        super().__init__(services)
        self._files = files

    def handle_trading_workflow_completed(self, event: TradingWorkflowCompleted, handling: Handling) -> None:
        on_file = {"strategy_signals": self._files.signals.get(event.workflow_id, {})}
        told = event.model_copy(update={"results": event.results | on_file})
        super().handle_trading_workflow_completed(told, handling)


def in_the_wrong_order(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    files = Files()
    told = TellsWhatIsOnFile(services, files).handle_trading_workflow_completed
    others = (one for one in subscriptions(services, settings) if one[2] != "notification")
    return (
        *others,
        (TradingWorkflowCompleted, told, "notification"),
        (TradingWorkflowCompleted, files.file, "files"),
    )


def plant(patch: pytest.MonkeyPatch) -> None:
    """The notification is subscribed before the files that it reads."""
    patch.setattr(composition, "subscriptions", in_the_wrong_order)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "effects.notifier.send[*]", Kind.EFFECT_EXTRA),
        Place("trading.workflow", "effects.notifier.send[*]", Kind.EFFECT_MISSING),
    ],
)
