"""The old entry points, on events: request, run to completion, collect the results."""

from datetime import timedelta

from trading import wording
from trading.display import Display
from trading.events.bus.port import Bus
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import (
    ExecutionParameters,
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowMode,
    WorkflowStepFailed,
)
from trading.handlers.failed_step import describe_failure
from trading.handlers.overdue import WORKFLOW_DEADLINE_S
from trading.market.calendar import session_date
from trading.results import ResultDict, empty_results
from trading.services import Services
from trading.settings import Settings

PATIENCE_S = 60.0  # beyond the workflow's own deadline, for what ends it then


class EventEntryPoints:
    """What the command line calls, with the event-driven path behind it."""

    def __init__(self, settings: Settings, services: Services, display: Display, bus: Bus) -> None:
        self._settings = settings
        self._services = services
        self._display = display
        self._bus = bus
        self._collected = Collected()

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        results = self.run(WorkflowMode.SIGNAL_ONLY, ignore_market_hours=False)
        self._display.show_signals(results)
        return bool(results["success"])

    def execute_trading(self, ignore_market_hours: bool = False) -> bool:
        """Trade; True if what was planned happened, or nothing was to be done."""
        results = self.run(WorkflowMode.FULL_TRADING, ignore_market_hours=ignore_market_hours)
        self._display.show_trading(results)
        return bool(results["success"])

    def run(self, mode: WorkflowMode, *, ignore_market_hours: bool) -> ResultDict:
        """Publish the request, run until the workflow has ended and all about it is delivered."""
        workflow_id = self._services.ids.new("workflow")
        self._collected.expect(workflow_id)
        self._bus.observe(self._collected.see)  # for this run alone: a bus outlives those who look on
        try:
            self._run(workflow_id, mode, ignore_market_hours)
        finally:
            self._bus.stop_observing(self._collected.see)
        return self._collected.results()

    def _run(self, workflow_id: str, mode: WorkflowMode, ignore_market_hours: bool) -> None:
        self._bus.emit(
            TradingWorkflowRequested,
            correlation_id=workflow_id,
            source_module=__name__,
            source_component="entry-points",
            workflow_mode=mode,
            ignore_market_hours=ignore_market_hours,
            execution_parameters=ExecutionParameters(
                account_id=self._settings.paper.account_id,
                session=session_date(self._services.clock.now()),
                cash_reserve=self._settings.cash_reserve,
                minimum_trade=self._settings.minimum_trade,
            ),
        )
        # Asked again: much of the run is over by now, and somebody may have set the clock meanwhile.
        deadline = self._services.clock.now() + timedelta(seconds=WORKFLOW_DEADLINE_S + PATIENCE_S)
        self._bus.run_until(
            lambda: self._collected.is_complete() and not self._bus.is_retrying(workflow_id),
            deadline=deadline,
        )


class Collected:
    """An observer that keeps the end of one workflow, and what failed after it."""

    def __init__(self) -> None:
        self._workflow_id = ""
        self._completed: TradingWorkflowCompleted | None = None
        self._failed_after: WorkflowStepFailed | None = None

    def expect(self, workflow_id: str) -> None:
        """Look out for the end of this workflow."""
        self._workflow_id, self._completed, self._failed_after = workflow_id, None, None

    def see(self, event: BaseEvent) -> None:
        """Keep what belongs to it."""
        if event.correlation_id != self._workflow_id:
            return
        if isinstance(event, TradingWorkflowCompleted):
            self._completed = event
        elif isinstance(event, WorkflowStepFailed) and self._completed is not None:
            self._failed_after = event

    def is_complete(self) -> bool:
        """Whether the end was seen."""
        return self._completed is not None

    def results(self) -> ResultDict:
        """The result dictionary; a failure after the end (nobody was told, say) makes it a failure."""
        if self._completed is None:
            return empty_results(success=False, message=wording.NOT_ENDED)
        results = dict(self._completed.results)
        if self._failed_after is None:
            return results
        message = f"{results['message']}; but {describe_failure(self._failed_after)}"
        return results | {"success": False, "message": message}
