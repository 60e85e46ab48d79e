"""Tells people how a trading run ended."""

from datetime import date

import structlog

from trading import wording
from trading.events.bus.handling import Handling
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import TradingWorkflowCompleted, WorkflowOverdue
from trading.handlers.progress import WorkflowProgress
from trading.market.calendar import session_date
from trading.notify.message import failure, market_closed, overdue, trading_report
from trading.notify.port import Notification, NotificationFailed
from trading.results import ResultDict
from trading.services import Services

log = structlog.get_logger(__name__)


class NotificationHandler:
    """Sends one notification per trading run, when it has ended, and one before that where it is overdue.

    A run that only shows signals has none.
    """

    def __init__(self, services: Services) -> None:
        self._notifier = services.notifier
        self._clock = services.clock

    def handle_trading_workflow_completed(self, event: TradingWorkflowCompleted, handling: Handling) -> None:
        """Send what the results say, about the workflow's own session however late it is told.

        That nobody could be reached changes nothing about the run. After a defect or a crash the message may
        go out a second time: better twice than never.
        """
        record = handling.workflow(event.workflow_id)
        if record is None:
            session = session_date(self._clock.now())
        elif WorkflowProgress.from_json(record.body).trades:
            session = date.fromisoformat(record.session)
        else:
            return
        self._send(_message(session, event.results), event)

    def handle_workflow_overdue(self, event: WorkflowOverdue, handling: Handling) -> None:
        """Tell what a trading run waits for; it is only asked for where it has not ended in time."""
        record = handling.workflow(event.workflow_id)
        if record is not None and WorkflowProgress.from_json(record.body).trades:
            session = date.fromisoformat(record.session)
            self._send(overdue(session, event.awaited, event.given_up_from), event)

    def _send(self, message: Notification, event: BaseEvent) -> None:
        try:
            self._notifier.send(message)
        except NotificationFailed as error:
            log.error("notification_failed", error=str(error), correlation_id=event.correlation_id)


def _message(session: date, results: ResultDict) -> Notification:
    if results["message"] == wording.MARKET_CLOSED:
        return market_closed(session)
    if not results["strategy_signals"]:
        return failure(session, results["message"])
    return trading_report(session, results)
