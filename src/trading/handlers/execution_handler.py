"""Carries out plans: the only handler that places orders."""

import structlog

from trading import wording
from trading.broker.port import BrokerError, read_state
from trading.domain.account import PortfolioState
from trading.domain.plan import RebalancePlan
from trading.events.bus.handling import Handling
from trading.events.journal.port import PermanentFailure
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.rebalance import ExecutionRequested, RebalancePlanCompleted, TradeExecuted
from trading.execution.executor import PlanExecutor
from trading.handlers.failed_step import report_failed_step
from trading.handlers.progress import state_of
from trading.handlers.transitions import WorkflowState
from trading.market.calendar import session_date
from trading.services import Services
from trading.settings import Settings

log = structlog.get_logger(__name__)


class NotReleased(PermanentFailure):
    """Execution was asked for by somebody other than the workflow: nothing is ordered."""


class ExecutionHandler:
    """Answers ExecutionRequested with TradeExecuted."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._broker = services.broker
        self._clock = services.clock
        self._executor = PlanExecutor(services.broker, services.clock, settings.execution_policy())

    def handle_execution_requested(self, event: ExecutionRequested, handling: Handling) -> None:
        """Trade the plan; raises NotReleased where its workflow is not executing.

        A plan belongs to the session that it was made in: when a workflow is resumed on another day, nothing
        more is ordered.

        The names of the orders are durable in the event. A delivery that is a repeat, because an earlier
        attempt failed or its process died, first looks each of them up at the broker.
        """
        record = handling.workflow(event.correlation_id)
        state = state_of(record)
        if state.is_final:
            log.warning("plan_of_an_ended_workflow", correlation_id=event.correlation_id, state=state.value)
        elif record is None or state is not WorkflowState.EXECUTING:
            raise NotReleased(f"workflow {event.correlation_id} is {state}, it has not released a plan")
        else:
            self._execute(event.plan, record, handling)

    def handle_leftover_plan(self, event: RebalancePlanCompleted, handling: Handling) -> None:
        """Finish a run whose plan was released before there was ExecutionRequested: the plan was the trigger.

        A plan that is released from now on is executed by its request; so is one that waits to be released.
        """
        record = handling.workflow(event.correlation_id)
        if record is None or state_of(record) is not WorkflowState.EXECUTING:
            return
        if not any(isinstance(known, ExecutionRequested) for known in handling.run_events()):
            self._execute(event.plan, record, handling)

    def _execute(self, plan: RebalancePlan, record: WorkflowRecord, handling: Handling) -> None:
        session = session_date(self._clock.now())
        if session.isoformat() != record.session:
            report_failed_step(handling, wording.session_over(record.session))
            return
        execution = self._executor.execute(plan, resuming=handling.redelivered)
        handling.publish(
            TradeExecuted,
            execution_result=execution,
            portfolio_state_after=self._state_after(),
            success=execution.success,
            error_message=None if execution.success else wording.traded(execution),
        )

    def _state_after(self) -> PortfolioState | None:
        try:
            return read_state(self._broker)
        except BrokerError as error:
            log.warning("broker_not_read", purpose="state after execution", error=str(error))
            return None
