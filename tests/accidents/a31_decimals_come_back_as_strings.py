"""Events rejected after transport: `Decimal` came back as a string.

JSON has no word for a decimal. Who wrote the events made texts of them, who read them took only decimals.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading import composition
from trading.events.bus.handling import Handling
from trading.events.messages.envelope import BaseEvent
from trading.handlers.subscriptions import Subscription, subscriptions
from trading.services import Services
from trading.settings import Settings


def transported(value: Any) -> Any:
    """What a field is after JSON: mappings and texts. Nested values are built by models, which read texts."""
    if isinstance(value, dict):
        return {key: transported(part) for key, part in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def reading(handle: Callable[[Any, Handling], None]) -> Callable[[BaseEvent, Handling], None]:
    def read(event: BaseEvent, handling: Handling) -> None:
        fields = {name: transported(getattr(event, name)) for name in type(event).model_fields}
        handle(type(event).model_validate(fields), handling)

    return read


def with_transport(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    return tuple(
        (event_class, reading(handle), name)
        for event_class, handle, name in subscriptions(services, settings)
    )


def plant(patch: pytest.MonkeyPatch) -> None:
    """Every handler reads its event from what the transport made of it."""
    patch.setattr(composition, "subscriptions", with_transport)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.signals", "result.strategy_signals", Kind.MISSING),
        Place("portfolio.allocation-comparison", "result", Kind.VALUE),
    ],
)
