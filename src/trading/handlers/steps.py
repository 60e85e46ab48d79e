"""What follows when an event is applied to a workflow: next state, what was learned, what is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trading import wording
from trading.domain.portfolio import judge_signals
from trading.events.bus.handling import Handling
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.events.messages.rebalance import (
    ExecutionRequested,
    RebalancePlanCompleted,
    RebalancePlanRequested,
    ReconciliationCompleted,
    TradeExecuted,
)
from trading.events.messages.signals import SignalGenerated
from trading.events.messages.workflow import WorkflowDeadlineReached, WorkflowStepFailed
from trading.handlers.failed_step import describe_failure, has_known_reason
from trading.handlers.progress import WorkflowProgress
from trading.handlers.transitions import WorkflowState


@dataclass(frozen=True, slots=True)
class Step:
    """Where applying an event leads."""

    state: WorkflowState
    progress: WorkflowProgress


def apply_event(event: BaseEvent, progress: WorkflowProgress, handling: Handling) -> Step:
    """The step that this event makes; requests that it leads to are published through the handling."""
    return _APPLIERS[type(event)](event, progress.with_applied(event), handling)


def ended(progress: WorkflowProgress, *, success: bool, message: str) -> Step:
    """The end of a workflow, with the sentence that says how."""
    state = WorkflowState.COMPLETED if success else WorkflowState.FAILED
    return Step(state, progress.changed(success=success, message=message))


def _signals(event: SignalGenerated, progress: WorkflowProgress, handling: Handling) -> Step:
    portfolio = event.consolidated_portfolio
    quality = judge_signals(event.signals, portfolio)
    if not quality.acceptable:
        return ended(progress, success=False, message=wording.signals_refused(quality))
    handling.publish(AccountDataRequested)
    handling.publish(
        PortfolioAnalysisRequested,
        trigger_event_id=event.event_id,
        target_allocations=portfolio.target_allocations,
    )
    return Step(WorkflowState.ANALYSING, progress)


def _account(event: AccountDataRetrieved, progress: WorkflowProgress, handling: Handling) -> Step:
    if not progress.analysis:
        return Step(WorkflowState.ANALYSING, progress)
    analysis = PortfolioAnalysisCompleted.model_validate_json(progress.analysis)
    return _analysed(analysis, progress.changed(analysis=""), handling)


def _analysis(event: PortfolioAnalysisCompleted, progress: WorkflowProgress, handling: Handling) -> Step:
    if not progress.has_applied(AccountDataRetrieved):
        return Step(WorkflowState.ANALYSING, progress.changed(analysis=event.model_dump_json()))
    return _analysed(event, progress, handling)


def _analysed(event: PortfolioAnalysisCompleted, progress: WorkflowProgress, handling: Handling) -> Step:
    """Account data and analysis are both here."""
    if not progress.trades:
        return ended(progress, success=True, message=wording.SIGNALS_ANALYSED)
    rows = event.allocation_comparison.rows
    handling.publish(
        RebalancePlanRequested,
        target_allocations={row.symbol: row.target_weight for row in rows if row.target_weight},
        portfolio_state=event.portfolio_state,
        trigger_signal_id=progress.applied[SignalGenerated.__name__],
    )
    return Step(WorkflowState.PLANNING, progress)


def _plan(event: RebalancePlanCompleted, progress: WorkflowProgress, handling: Handling) -> Step:
    progress = progress.changed(may_have_traded=True)
    if event.nothing_to_trade is not None:
        return ended(progress, success=True, message=event.nothing_to_trade)
    handling.publish(ExecutionRequested, plan=event.plan)
    return Step(WorkflowState.EXECUTING, progress)


def _execution(event: TradeExecuted, progress: WorkflowProgress, handling: Handling) -> Step:
    message = wording.traded(event.execution_result)
    return Step(WorkflowState.RECONCILING, progress.changed(success=event.success, message=message))


def _reconciliation(event: ReconciliationCompleted, progress: WorkflowProgress, handling: Handling) -> Step:
    if progress.success and event.differences:
        return ended(progress, success=False, message=wording.positions_differ(event.differences))
    return ended(progress, success=progress.success, message=progress.message)


def _failed_step(event: WorkflowStepFailed, progress: WorkflowProgress, handling: Handling) -> Step:
    message = describe_failure(event)
    return ended(
        progress,
        success=False,
        message=message if has_known_reason(event) else _with_warning(message, progress),
    )


def _deadline(event: WorkflowDeadlineReached, progress: WorkflowProgress, handling: Handling) -> Step:
    return ended(progress, success=False, message=_with_warning(wording.overdue(event.deadline), progress))


def _with_warning(message: str, progress: WorkflowProgress) -> str:
    """The same, with a warning where orders were released and nothing is known of them."""
    unknown = progress.has_applied(RebalancePlanCompleted) and not progress.has_applied(TradeExecuted)
    return f"{message}; {wording.MAY_HAVE_ORDERED}" if unknown else message


_APPLIERS: Mapping[type[BaseEvent], Callable[[Any, WorkflowProgress, Handling], Step]] = {
    SignalGenerated: _signals,
    AccountDataRetrieved: _account,
    PortfolioAnalysisCompleted: _analysis,
    RebalancePlanCompleted: _plan,
    TradeExecuted: _execution,
    ReconciliationCompleted: _reconciliation,
    WorkflowStepFailed: _failed_step,
    WorkflowDeadlineReached: _deadline,
}
