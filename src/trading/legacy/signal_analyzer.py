"""What `trading signal` calls."""

from trading import wording
from trading.display import Display
from trading.legacy.container import Container
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.settings import Settings


class SignalAnalyzer:
    """Shows signals, target against current allocation, and the account; nothing is traded."""

    def __init__(self, settings: Settings, container: Container, display: Display) -> None:
        self._orchestrator = TradingOrchestrator(settings, container)
        self._display = display

    def run(self) -> bool:
        """Print, and return whether the analysis came to its end."""
        results = self._orchestrator.execute_strategy_signals()
        if results is None:
            self._display.show_failure(wording.NO_RESULTS)
            return False
        self._display.show_signals(results)
        return bool(results["success"])
