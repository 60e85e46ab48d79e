"""Which path stands behind the front door."""

from trading.compat.announcements import Announcements
from trading.display import Display
from trading.entry_points import EntryPoints
from trading.events.bus import EventBus
from trading.handlers.entry_points import EventEntryPoints
from trading.legacy.container import Container
from trading.legacy.trading_system import TradingSystem
from trading.services import Services
from trading.settings import Settings


def legacy_entry_points(settings: Settings, services: Services, display: Display) -> EntryPoints:
    """The direct-call path."""
    announcements = Announcements(services)
    return TradingSystem(settings, Container(services, announcements.announce_signals), display)


def candidate_entry_points(
    settings: Settings, services: Services, display: Display, bus: EventBus
) -> EntryPoints:
    """The event-driven path, on the desk's bus."""
    return EventEntryPoints(settings, services, display, bus)
