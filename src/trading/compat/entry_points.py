"""Which path answers at the front door: so far the legacy one, which announces its signals as events."""

from trading.display import Display
from trading.entry_points import EntryPoints
from trading.legacy.container import Container
from trading.legacy.trading_system import TradingSystem
from trading.services import Services
from trading.settings import Settings


def open_entry_points(settings: Settings, services: Services, display: Display) -> EntryPoints:
    """The front door over one set of services."""
    return TradingSystem(settings, Container(services, announce=lambda *_: None), display)
