"""Which path stands behind the front door."""

from trading.compat.announcements import Announcements
from trading.compat.container import EventContainer
from trading.display import Display
from trading.entry_points import EntryPoints
from trading.events.bus.bus import EventBus
from trading.handlers.entry_points import EventEntryPoints
from trading.legacy.trading_system import TradingSystem
from trading.services import Services
from trading.settings import Settings


def legacy_entry_points(
    settings: Settings, services: Services, display: Display, bus: EventBus
) -> EntryPoints:
    """The direct-call path; its methods are seams, so the stages decide what really answers."""
    return TradingSystem(settings, legacy_container(services, bus), display)


def legacy_container(services: Services, bus: EventBus) -> EventContainer:
    """What the direct-call path is made of."""
    return EventContainer(services, Announcements(services).announce_signals, bus=bus)


def candidate_entry_points(
    settings: Settings, services: Services, display: Display, bus: EventBus
) -> EntryPoints:
    """The event-driven path, on the desk's bus."""
    return EventEntryPoints(settings, services, display, bus)
