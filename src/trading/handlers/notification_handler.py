"""Tells people how a trading run ended."""

import structlog

from trading import wording
from trading.events.handling import Handling
from trading.events.workflow import TradingWorkflowCompleted
from trading.handlers.progress import progress_of
from trading.market.calendar import session_date
from trading.notify.message import failure, market_closed, trading_report
from trading.notify.port import Notification, NotificationFailed
from trading.results import ResultDict
from trading.services import Services

log = structlog.get_logger(__name__)


class NotificationHandler:
    """Sends one notification per trading run, when it has ended; none for a run that only shows signals."""

    def __init__(self, services: Services) -> None:
        self._notifier = services.notifier
        self._clock = services.clock

    def handle_trading_workflow_completed(self, event: TradingWorkflowCompleted, handling: Handling) -> None:
        """Send what the results say; that nobody could be reached changes nothing about the run."""
        progress = progress_of(handling, event.workflow_id)
        if progress is not None and not progress.trades:
            return
        try:
            self._notifier.send(self._message(event.results))
        except NotificationFailed as error:
            log.error("notification_failed", error=str(error), correlation_id=event.correlation_id)

    def _message(self, results: ResultDict) -> Notification:
        today = session_date(self._clock.now())
        if results["message"] == wording.MARKET_CLOSED:
            return market_closed(today)
        if not results["strategy_signals"]:
            return failure(today, results["message"])
        return trading_report(today, results)
