"""What the composition root gives to seams and sources."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trading.desk import Desk, Special
from trading.display import Screen
from trading.events.bus.bus import EventBus
from trading.events.journal.port import Ledger
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.legacy.trading_system import TradingSystem
from trading.services import Services
from trading.settings import Settings


class MakeOrchestrator(Protocol):
    """Makes the old trading orchestrator of a desk."""

    def __call__(self, desk: Desk, *, ignore_market_hours: bool) -> TradingOrchestrator:
        """Make one."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Functions that make them; desks are in memory, on the bundled prices and the default settings."""

    open_desk: Callable[[datetime, Special], Desk]
    trading_system: Callable[[Desk, Screen], TradingSystem]
    trading_orchestrator: MakeOrchestrator
    build_bus: Callable[[Services, Settings, Ledger], EventBus]
    build_portfolio_bus: Callable[[Services, Settings], EventBus]
