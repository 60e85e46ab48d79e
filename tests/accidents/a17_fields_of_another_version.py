"""The orchestrator reads fields of another version of the same event.

The state after execution had been spread over the event; the next version put it into one field. Who
reconciles went on reading what was no more.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.events.bus.handling import Handling
from trading.events.messages.rebalance import ReconciliationCompleted, TradeExecuted
from trading.handlers import subscriptions
from trading.handlers.event_driven_orchestrator import EventDrivenOrchestrator


class ReadsTheVersionBefore(EventDrivenOrchestrator):
    def handle_trade_executed(self, event: TradeExecuted, handling: Handling) -> None:
        positions = event.positions_after  # type: ignore[attr-defined]
        found = {held.symbol: held.quantity for held in positions}
        handling.publish(ReconciliationCompleted, expected=found, found=found, differences={})


def plant(patch: pytest.MonkeyPatch) -> None:
    """The orchestrator that reconciles reads the fields of the version before."""
    patch.setattr(subscriptions, "EventDrivenOrchestrator", ReadsTheVersionBefore)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.notifier.send[*].notification", Kind.EFFECT_CHANGED)],
)
