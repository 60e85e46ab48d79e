"""What `trading trade` calls."""

from trading import wording
from trading.display import Display
from trading.legacy.container import Container
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.settings import Settings


class TradingExecutor:
    """Runs the day's trading and shows what it did."""

    def __init__(
        self, settings: Settings, container: Container, display: Display, *, ignore_market_hours: bool
    ) -> None:
        self._orchestrator = TradingOrchestrator(settings, container, ignore_market_hours=ignore_market_hours)
        self._display = display

    def run(self) -> bool:
        """Print, and return whether what was planned happened."""
        results = self._orchestrator.execute_trading_workflow_with_details()
        if results is None:
            self._display.show_failure(wording.NO_RESULTS)
            return False
        self._display.show_trading(results)
        return bool(results["success"])
