"""What an entry point needs of a bus, whichever process handles its events."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from trading.events.bus.bus import RunEnd
from trading.events.messages.envelope import BaseEvent

Event = TypeVar("Event", bound=BaseEvent)


class Bus(Protocol):
    """Publish a request, look on, wait for the end; each as `EventBus` says it."""

    def observe(self, observer: Callable[[BaseEvent], None]) -> None:
        """Show every event."""
        ...

    def stop_observing(self, observer: Callable[[BaseEvent], None]) -> None:
        """Show this observer no more."""
        ...

    def emit(
        self,
        event_class: type[Event],
        *,
        correlation_id: str | None = None,
        due: datetime | None = None,
        **fields: Any,
    ) -> Event:
        """Build an event and publish it."""
        ...

    def resume(self) -> None:
        """Claim the journal, and see to it that what it holds undelivered is delivered."""
        ...

    def run_until(self, done: Callable[[], bool], *, deadline: datetime | None = None) -> RunEnd:
        """Return when it is done, when nothing is left to do, or at the deadline."""
        ...

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a handler is to be given an event of this run again, or has not had it yet."""
        ...
