"""The entry points behind `python -m trading signal` and `... trade`."""

from trading.display import Display
from trading.legacy.container import Container
from trading.legacy.signal_analyzer import SignalAnalyzer
from trading.legacy.trading_executor import TradingExecutor
from trading.settings import Settings


class TradingSystem:
    """The old front door."""

    def __init__(self, settings: Settings, container: Container, display: Display) -> None:
        self.settings = settings
        self.container = container
        self.display = display

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        return SignalAnalyzer(self.settings, self.container, self.display).run()

    def execute_trading(self, ignore_market_hours: bool = False) -> bool:
        """Trade; True if what was planned happened, or nothing was to be done."""
        return TradingExecutor(
            self.settings, self.container, self.display, ignore_market_hours=ignore_market_hours
        ).run()
