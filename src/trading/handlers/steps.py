"""What follows when an event is applied to a workflow: next state, what was learned, what is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trading import wording
from trading.domain.quality import judge_signals
from trading.events.account import AccountDataRequested, AccountDataRetrieved
from trading.events.envelope import BaseEvent
from trading.events.execution import ReconciliationCompleted, TradeExecuted
from trading.events.handling import Handling
from trading.events.plan import RebalancePlanCompleted, RebalancePlanRequested
from trading.events.portfolio import PortfolioAnalysisCompleted, PortfolioAnalysisRequested
from trading.events.signals import SignalGenerated
from trading.events.workflow import WorkflowDeadlineReached, WorkflowStepFailed
from trading.handlers.failed_step import sentence_of
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
    targets = {symbol: str(weight) for symbol, weight in portfolio.target_allocations.items()}
    return Step(WorkflowState.ANALYSING, progress.changed(targets=targets))


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
    state = event.portfolio_state
    handling.publish(
        RebalancePlanRequested,
        target_allocations={symbol: Decimal(weight) for symbol, weight in progress.targets.items()},
        portfolio_state=state,
        trigger_signal_id=progress.applied[SignalGenerated.__name__],
    )
    before = {held.symbol: str(held.quantity) for held in state.positions}
    return Step(WorkflowState.PLANNING, progress.changed(holdings_before=before))


def _plan(event: RebalancePlanCompleted, progress: WorkflowProgress, handling: Handling) -> Step:
    progress = progress.changed(may_have_traded=True)
    if event.nothing_to_trade is not None:
        return ended(progress, success=True, message=event.nothing_to_trade)
    return Step(WorkflowState.EXECUTING, progress)


def _execution(event: TradeExecuted, progress: WorkflowProgress, handling: Handling) -> Step:
    message = wording.traded(event.execution_result)
    return Step(WorkflowState.RECONCILING, progress.changed(success=event.success, message=message))


def _reconciliation(event: ReconciliationCompleted, progress: WorkflowProgress, handling: Handling) -> Step:
    if progress.success and event.differences:
        return ended(progress, success=False, message=wording.positions_differ(event.differences))
    return ended(progress, success=progress.success, message=progress.message)


def _failed_step(event: WorkflowStepFailed, progress: WorkflowProgress, handling: Handling) -> Step:
    return ended(progress, success=False, message=sentence_of(event))


def _deadline(event: WorkflowDeadlineReached, progress: WorkflowProgress, handling: Handling) -> Step:
    return ended(progress, success=False, message=wording.overdue(event.deadline))


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
