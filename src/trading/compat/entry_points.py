"""Which path stands behind the front door."""

from trading.compat.announcements import Announcements
from trading.compat.container import EventContainer
from trading.display import Display
from trading.entry_points import EntryPoints
from trading.events.bus import EventBus
from trading.handlers.entry_points import EventEntryPoints
from trading.legacy.trading_system import TradingSystem
from trading.services import Services
from trading.settings import Settings


def legacy_entry_points(
    settings: Settings, services: Services, display: Display, bus: EventBus
) -> EntryPoints:
    """The direct-call path; its methods are seams, so the stages decide what really answers."""
    announcements = Announcements(services)
    container = EventContainer(services, announcements.announce_signals, bus=bus)
    return TradingSystem(settings, container, display)


def candidate_entry_points(
    settings: Settings, services: Services, display: Display, bus: EventBus
) -> EntryPoints:
    """The event-driven path, on the desk's bus."""
    return EventEntryPoints(settings, services, display, bus)
