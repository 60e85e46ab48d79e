"""Values that the tests of events share."""

import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from trading.clock import SimulatedClock
from trading.domain.account import Account, PortfolioState, Position
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.bus.retry import RetryPolicy
from trading.events.journal.port import Ledger
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.ids import CountingIds

Event = TypeVar("Event", bound=BaseEvent)

NOW = datetime(2016, 3, 1, 15, 30, tzinfo=UTC)
SESSION = date(2016, 3, 1)
ONE_CENT = Decimal("0.01")
STATE = PortfolioState(
    Account("paper", Decimal("1000.00"), Decimal("900.00"), Decimal("900.00"), Decimal("1000.00")),
    (Position("SPY", Decimal(1), Decimal("99.50"), Decimal(100), Decimal("100.00"), Decimal("0.50")),),
    (),
)


def quiet_log() -> FilteringBoundLogger:
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.ReturnLogger(), wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
    ).bind()
    return log


def event(event_class: type[Event], event_id: str, *, run: str = "run-1", **fields: Any) -> Event:
    return event_class(
        event_id=event_id,
        correlation_id=run,
        causation_id=None,
        timestamp=NOW,
        source_module="tests",
        source_component="sample",
        **fields,
    )


def request(event_id: str, *, run: str = "run-1") -> SignalsRequested:
    return event(SignalsRequested, event_id, run=run, as_of=SESSION)


def new_bus(
    journal: Ledger | None = None,
    *,
    clock: SimulatedClock | None = None,
    ids: CountingIds | None = None,
    retry: RetryPolicy | None = None,
) -> EventBus:
    return EventBus(
        clock=clock or SimulatedClock(NOW),
        ids=ids or CountingIds(lambda: "bus"),
        journal=journal,
        retry=retry,
        log=quiet_log(),
    )


def ignore(_event: BaseEvent, _handling: Handling) -> None:
    """Takes an event and does nothing."""


class Recorder:
    """A handler that remembers what it got."""

    def __init__(self) -> None:
        self.got: list[BaseEvent] = []

    def __call__(self, got: BaseEvent, _handling: Handling) -> None:
        self.got.append(got)


def ask_for_signals(_event: BaseEvent, handling: Handling) -> None:
    handling.publish(SignalsRequested, as_of=SESSION)


def ask_for_account(_event: BaseEvent, handling: Handling) -> None:
    handling.publish(AccountDataRequested)
