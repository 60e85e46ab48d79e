"""The coordination of a trading workflow: the only publisher of requests and of the completion.

What it knows is in the workflow's record, so it carries no state of its own; what it may do next is in
`transitions`, and `steps` computes what follows. Every method is one event; all go the same way.
"""

import structlog

from trading import wording
from trading.broker.port import BrokerError
from trading.events.bus.handling import Handling
from trading.events.journal.port import PermanentFailure
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRetrieved, PortfolioAnalysisCompleted
from trading.events.messages.rebalance import RebalancePlanCompleted, ReconciliationCompleted, TradeExecuted
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.events.messages.workflow import (
    ExecutionParameters,
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowMode,
    WorkflowOverdue,
    WorkflowStepFailed,
)
from trading.events.schema.catalogue import VERSIONS
from trading.handlers.overdue import awaited_events, given_up_from, is_given_up, overdue_from
from trading.handlers.progress import WorkflowProgress, collect_results, state_of
from trading.handlers.steps import Step, apply_event, ended
from trading.handlers.transitions import NEXT, Decision, WorkflowState, decide
from trading.market.calendar import last_session, session_date
from trading.services import Services
from trading.settings import Settings

log = structlog.get_logger(__name__)

PARKED_MAX = 20


class EventRejected(PermanentFailure):
    """The event contradicts its workflow: a dead letter, for a person to look at."""


class TradingWorkflowHandler:
    """Moves workflows through their states."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._settings = settings

    def handle_trading_workflow_requested(self, event: TradingWorkflowRequested, handling: Handling) -> None:
        """Begin: a closed market ends the workflow at once, else signals are asked for."""
        if handling.workflow(event.correlation_id) is not None:
            raise EventRejected(f"workflow {event.correlation_id} has begun before")
        parameters = event.execution_parameters
        progress = WorkflowProgress.begin(event.workflow_mode, parameters)
        self._keep_first(event, parameters, self._begin(event, progress, handling), handling)

    def handle_signal_generated(self, event: SignalGenerated, handling: Handling) -> None:
        """Judge the signals; ask for account and analysis, or end."""
        self._take(event, handling)

    def handle_account_data_retrieved(self, event: AccountDataRetrieved, handling: Handling) -> None:
        """One half of what the analysis state waits for."""
        self._take(event, handling)

    def handle_portfolio_analysis_completed(
        self, event: PortfolioAnalysisCompleted, handling: Handling
    ) -> None:
        """The other half; with both, ask for a plan, or end a run that only shows signals."""
        self._take(event, handling)

    def handle_rebalance_plan_completed(self, event: RebalancePlanCompleted, handling: Handling) -> None:
        """Release the plan for execution, or end where there is nothing to trade."""
        self._take(event, handling)

    def handle_trade_executed(self, event: TradeExecuted, handling: Handling) -> None:
        """Wait for the reconciliation."""
        self._take(event, handling)

    def handle_reconciliation_completed(self, event: ReconciliationCompleted, handling: Handling) -> None:
        """End; positions that are not as expected make a failure of an execution that looked well."""
        self._take(event, handling)

    def handle_workflow_step_failed(self, event: WorkflowStepFailed, handling: Handling) -> None:
        """End as failed, with the reason."""
        self._take(event, handling)

    def handle_workflow_deadline_reached(self, event: WorkflowDeadlineReached, handling: Handling) -> None:
        """Have people told what an overdue workflow waits for, and end it at the last deadline."""
        record = handling.workflow(event.correlation_id)
        if record is None or record.finished or is_given_up(event, record):
            self._take(event, handling)
        else:
            self._tell_overdue(record, handling)

    def _tell_overdue(self, record: WorkflowRecord, handling: Handling) -> None:
        """It stays as it is, on the parking list, and goes on when what it waits for arrives."""
        progress, until = WorkflowProgress.from_json(record.body), given_up_from(record.started_at)
        awaited = awaited_events(state_of(record), progress)
        log.error("workflow_overdue", workflow_id=record.workflow_id, awaited=awaited)
        handling.publish(
            WorkflowOverdue, workflow_id=record.workflow_id, awaited=awaited, given_up_from=until
        )
        handling.publish(WorkflowDeadlineReached, due=until, workflow_id=record.workflow_id, deadline=until)

    def _begin(self, event: TradingWorkflowRequested, progress: WorkflowProgress, handling: Handling) -> Step:
        if progress.trades and not event.ignore_market_hours:
            try:
                market_is_open = self._services.broker.is_market_open()
            except BrokerError as error:
                log.warning("market_hours_unknown", error=str(error))
                return ended(progress, success=False, message=wording.BROKER_UNREACHABLE)
            if not market_is_open:
                return ended(progress, success=True, message=wording.MARKET_CLOSED)
        now = self._services.clock.now()
        today = session_date(now)
        as_of = last_session(today, self._services.market.sessions()) or today
        deadline = overdue_from(now)
        handling.publish(SignalsRequested, as_of=as_of)
        handling.publish(
            WorkflowDeadlineReached, due=deadline, workflow_id=event.correlation_id, deadline=deadline
        )
        return Step(WorkflowState.AWAITING_SIGNALS, progress)

    def _take(self, event: BaseEvent, handling: Handling) -> None:
        record = handling.workflow(event.correlation_id)
        if record is None:
            self._take_without_record(event, handling)
            return
        state, progress = state_of(record), WorkflowProgress.from_json(record.body)
        decision = decide(state, event)
        if decision is Decision.APPLY:
            step = self._apply(state, event, progress, handling)
            self._keep(record, step, event.correlation_id, handling)
        elif decision is Decision.PARK:
            if len(progress.parked) == PARKED_MAX:
                raise EventRejected(f"workflow {event.correlation_id} has {PARKED_MAX} early events already")
            parked = progress.changed(parked=(*progress.parked, event.model_dump_json()))
            self._keep(record, Step(state, parked), event.correlation_id, handling)
        elif decision is Decision.LATE:
            log.warning("late_event", event_type=event.event_type, correlation_id=event.correlation_id)
            self._keep(record, Step(state, progress.changed(late=progress.late + 1)), None, handling)
        elif decision is Decision.REJECT:
            raise EventRejected(
                f"workflow {event.correlation_id} is {state}: {event.event_type} contradicts it"
            )

    def _take_without_record(self, event: BaseEvent, handling: Handling) -> None:
        """A workflow whose very beginning failed still ends, exactly once."""
        if decide(WorkflowState.NEW, event) is not Decision.APPLY:
            raise EventRejected(f"there is no workflow {event.correlation_id} for {event.event_type}")
        run = handling.run_events()
        request = next((known for known in run if isinstance(known, TradingWorkflowRequested)), None)
        if request is not None:
            mode, parameters = request.workflow_mode, request.execution_parameters
        elif any(known.event_id == event.causation_id for known in run):
            log.warning("failed_outside_a_workflow", correlation_id=event.correlation_id)
            return
        else:  # what failed cannot be read any more: it may have been the request
            mode, parameters = WorkflowMode.FULL_TRADING, self._parameters()
        step = apply_event(event, WorkflowProgress.begin(mode, parameters), handling)
        self._keep_first(event, parameters, step, handling)

    def _parameters(self) -> ExecutionParameters:
        return ExecutionParameters(
            account_id=self._settings.paper.account_id,
            session=session_date(self._services.clock.now()),
            cash_reserve=self._settings.cash_reserve,
            minimum_trade=self._settings.minimum_trade,
        )

    def _apply(
        self, state: WorkflowState, event: BaseEvent, progress: WorkflowProgress, handling: Handling
    ) -> Step:
        """Apply the event, then whatever came early and now has its turn."""
        step = apply_event(event, progress, handling)
        if step.state not in NEXT[type(event)][state]:
            raise AssertionError(f"{event.event_type} led from {state} to {step.state}, which is not drawn")
        if step.state.is_final:
            return step
        for text in step.progress.parked:
            early = VERSIONS.parse(text)
            if decide(step.state, early) is Decision.APPLY:
                remaining = tuple(other for other in step.progress.parked if other != text)
                return self._apply(step.state, early, step.progress.changed(parked=remaining), handling)
        return step

    def _keep_first(
        self, event: BaseEvent, parameters: ExecutionParameters, step: Step, handling: Handling
    ) -> None:
        now = self._services.clock.now()
        handling.keep(
            WorkflowRecord(
                workflow_id=event.correlation_id,
                state=step.state.value,
                body=step.progress.to_json(),
                account=parameters.account_id,
                session=parameters.session.isoformat(),
                started_at=now,
                updated_at=now,
                finished=step.state.is_final,
            )
        )
        self._announce_end(step, event.correlation_id, handling)

    def _keep(self, record: WorkflowRecord, step: Step, ending: str | None, handling: Handling) -> None:
        handling.keep(
            record.advanced(
                state=step.state.value,
                body=step.progress.to_json(),
                at=self._services.clock.now(),
                finished=step.state.is_final,
            )
        )
        if ending is not None:
            self._announce_end(step, ending, handling)

    def _announce_end(self, step: Step, workflow_id: str, handling: Handling) -> None:
        if not step.state.is_final:
            return
        progress = step.progress
        handling.publish(
            TradingWorkflowCompleted,
            workflow_id=workflow_id,
            success=progress.success,
            results=collect_results(progress, handling.run_events()),
            error_message=None if progress.success else progress.message,
        )
