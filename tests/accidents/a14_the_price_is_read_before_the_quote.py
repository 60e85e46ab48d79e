"""The price is read before the quote has arrived, and a fallback price is used.

Quotes came by subscription. Whoever asked at once got none and went by the last close that was known, which
is another number on every day that moves.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from tests.accidents.wrapped_broker import WrappedBroker
from trading.handlers import subscriptions
from trading.handlers.execution_handler import ExecutionHandler
from trading.market.calendar import session_date
from trading.services import Services
from trading.settings import Settings


class QuotesBySubscription(WrappedBroker):
    def __init__(self, services: Services) -> None:
        super().__init__(services.broker)
        self._services = services

    def quote(self, symbol: str) -> Decimal | None:
        today = session_date(self._services.clock.now())
        return self._services.market.closes(symbol, today, 2)[0]  # the one before today's


class Subscribing(ExecutionHandler):
    def __init__(self, services: Services, settings: Settings) -> None:
        super().__init__(replace(services, broker=QuotesBySubscription(services)), settings)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that executes is composed with quotes that are not there yet."""
    patch.setattr(subscriptions, "ExecutionHandler", Subscribing)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.broker.submit_order[*].order.quantity", Kind.EFFECT_CHANGED)],
)
