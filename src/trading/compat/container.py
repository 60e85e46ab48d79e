"""A container that can also answer on events."""

from dataclasses import dataclass

from trading.events.bus.bus import EventBus
from trading.legacy.container import Container


@dataclass(frozen=True, kw_only=True)
class EventContainer(Container):
    """The legacy container, and the desk's bus for the phases in which the event-driven path answers."""

    bus: EventBus
