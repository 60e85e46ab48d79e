"""Carries out plans: the only handler that places orders."""

import structlog

from trading import wording
from trading.broker.port import BrokerError, read_state
from trading.domain.account import PortfolioState
from trading.events.bus.handling import Handling
from trading.events.messages.execution import TradeExecuted
from trading.events.messages.plan import RebalancePlanCompleted
from trading.execution.executor import PlanExecutor
from trading.handlers.failed_step import report_failed_step
from trading.handlers.progress import state_of
from trading.handlers.transitions import WorkflowState
from trading.market.calendar import session_date
from trading.services import Services
from trading.settings import Settings

log = structlog.get_logger(__name__)


class NotReleased(Exception):
    """The workflow has not released this plan yet: it may be executed later, or never."""


class ExecutionHandler:
    """Answers RebalancePlanCompleted with TradeExecuted, once the workflow has released the plan."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._broker = services.broker
        self._clock = services.clock
        self._executor = PlanExecutor(services.broker, services.clock, settings.execution_policy())

    def handle_rebalance_plan_completed(self, event: RebalancePlanCompleted, handling: Handling) -> None:
        """Trade the plan; raises NotReleased while its workflow has not come to execution.

        A plan belongs to the session that it was made in: when a workflow is resumed on another day, nothing
        more is ordered.

        The names of the orders are durable in the event. A delivery that is a repeat, because an earlier
        attempt failed or its process died, first looks each of them up at the broker.
        """
        if not event.plan.trades:
            return
        record = handling.workflow(event.correlation_id)
        state = state_of(record)
        if state.is_final:
            log.warning("plan_of_an_ended_workflow", correlation_id=event.correlation_id, state=state.value)
            return
        if record is None or state is not WorkflowState.EXECUTING:
            raise NotReleased(
                f"workflow {event.correlation_id} is {state}, its plan is not to be executed yet"
            )
        session = session_date(self._clock.now())
        if session.isoformat() != record.session:
            report_failed_step(handling, wording.session_over(record.session))
            return
        execution = self._executor.execute(event.plan, resuming=handling.redelivered)
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
