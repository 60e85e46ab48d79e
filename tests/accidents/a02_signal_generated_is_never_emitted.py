"""`SignalGenerated` is never emitted (keys of the wrong type); the emission error is only a warning.

The allocations were keyed by the strategies' types, the event wanted their names. Building it failed, the
failure was caught and logged, and the workflow waited for signals that never came.
"""

from dataclasses import dataclass

import pytest
import structlog
from pydantic import ValidationError

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.domain.portfolio import consolidate
from trading.events.bus.handling import Handling
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.handlers import subscriptions
from trading.handlers.signal_handler import SignalHandler
from trading.strategies.strategy import evaluate_strategies

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class StrategyType:
    name: str


class KeyedByType(SignalHandler):
    def handle_signals_requested(self, event: SignalsRequested, handling: Handling) -> None:
        signals = evaluate_strategies(self._services.strategies, self._services.market, event.as_of)
        try:
            handling.publish(
                SignalGenerated,
                as_of=event.as_of,
                signals=signals,
                strategy_allocations={StrategyType(each.strategy): each.weight for each in signals},
                consolidated_portfolio=consolidate(signals),
            )
        except ValidationError as error:
            log.warning("signal_not_emitted", error=str(error))


def plant(patch: pytest.MonkeyPatch) -> None:
    """The signal handler keys the allocations by type, and goes on when the event cannot be built."""
    patch.setattr(subscriptions, "SignalHandler", KeyedByType)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.signals", "events.trading.SignalsRequested", Kind.EVENT_UNANSWERED),
        Place("trading.signals", "events.trading.SignalGenerated", Kind.EVENT_MISSING),
    ],
)
