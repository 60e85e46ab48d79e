"""Start-up, recovery and reconciliation: what no single step of a workflow can do for itself."""

from collections.abc import Mapping
from decimal import Decimal

import structlog

from trading.broker.port import Broker
from trading.domain.execution import ExecutionResult
from trading.domain.money import ZERO
from trading.domain.order import Side
from trading.events.bus.handling import Handling
from trading.events.journal.port import PermanentFailure
from trading.events.messages.portfolio import PortfolioAnalysisCompleted
from trading.events.messages.rebalance import RebalancePlanned, ReconciliationCompleted, TradeExecuted
from trading.events.messages.startup import StartupEvent
from trading.events.messages.workflow import WorkflowDeadlineReached, WorkflowStepFailed
from trading.handlers.overdue import is_given_up
from trading.handlers.progress import plan_id_of, progress_of, state_of
from trading.handlers.transitions import WorkflowState
from trading.services import Services

log = structlog.get_logger(__name__)


class EventDrivenOrchestrator:
    """Watches over workflows; it orders nothing, and cancels only what belongs to a failed workflow."""

    def __init__(self, services: Services) -> None:
        self._broker = services.broker

    def handle_startup(self, event: StartupEvent, handling: Handling) -> None:
        """Write down what this process was started with."""
        log.info("started", mode=event.startup_mode.value, configuration=event.configuration)

    def handle_rebalance_planned(self, event: RebalancePlanned, handling: Handling) -> None:
        """Write down what is about to be traded; this fact triggers nothing."""
        log.info("planned", correlation_id=event.correlation_id, trades=len(event.plan.trades))

    def handle_trade_executed(self, event: TradeExecuted, handling: Handling) -> None:
        """Reconcile: positions expected from the state before and the fills, against positions found."""
        expected = expected_holdings(_holdings_before(event, handling), event.execution_result)
        state = event.portfolio_state_after
        found = None if state is None else {held.symbol: held.quantity for held in state.positions}
        differences = {} if found is None else _differences(expected, found)
        if differences:
            log.error("positions_differ", correlation_id=event.correlation_id, differences=differences)
        handling.publish(ReconciliationCompleted, expected=expected, found=found, differences=differences)

    def handle_workflow_step_failed(self, event: WorkflowStepFailed, handling: Handling) -> None:
        """Recover: leave no open order of a workflow that is about to end as failed, and alert."""
        self._clear_up(event.correlation_id, handling, why=f"{event.step}: {event.message}")

    def handle_workflow_deadline_reached(self, event: WorkflowDeadlineReached, handling: Handling) -> None:
        """Recover a workflow that is given up; one that may still end by itself, or has, needs nothing."""
        if not is_given_up(event, handling.workflow(event.workflow_id)):
            return
        self._clear_up(event.workflow_id, handling, why=f"not ended by {event.deadline}")

    def _clear_up(self, workflow_id: str, handling: Handling, *, why: str) -> None:
        """A repeat goes on though the workflow has failed meanwhile: what is left open could still fill."""
        state = state_of(handling.workflow(workflow_id))
        begun_before = handling.redelivered and state is WorkflowState.FAILED
        if state.is_final and not begun_before:
            return
        log.error("workflow_recovery", correlation_id=workflow_id, state=state.value, why=why)
        if begun_before or state in (WorkflowState.EXECUTING, WorkflowState.RECONCILING):
            cancel_open_orders(self._broker, f"{plan_id_of(workflow_id)}.")  # earlier there is no order


def _holdings_before(event: TradeExecuted, handling: Handling) -> dict[str, Decimal]:
    """What the workflow's analysis found; a trade without a workflow starts from nothing."""
    progress = progress_of(handling, event.correlation_id)
    if progress is None:
        return {}
    analysis = handling.find_event(progress.applied[PortfolioAnalysisCompleted.__name__])
    if not isinstance(analysis, PortfolioAnalysisCompleted):
        raise PermanentFailure(f"the analysis of workflow {event.correlation_id} is not to be found")
    return {held.symbol: held.quantity for held in analysis.portfolio_state.positions}


def expected_holdings(before: Mapping[str, Decimal], execution: ExecutionResult) -> dict[str, Decimal]:
    """Positions after the fills, those of zero left out."""
    expected = dict(before)
    for outcome in execution.outcomes:
        signed = outcome.filled_quantity if outcome.side is Side.BUY else -outcome.filled_quantity
        expected[outcome.symbol] = expected.get(outcome.symbol, ZERO) + signed
    return {symbol: expected[symbol] for symbol in sorted(expected) if expected[symbol] != ZERO}


def cancel_open_orders(broker: Broker, prefix: str) -> None:
    """Cancel what is open under names that begin so; raises BrokerError where that is not possible."""
    for order in broker.open_orders():
        if order.client_order_id.startswith(prefix):
            broker.cancel_order(order.order_id)


def _differences(expected: Mapping[str, Decimal], found: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {
        symbol: found.get(symbol, ZERO) - expected.get(symbol, ZERO)
        for symbol in sorted(expected.keys() | found.keys())
        if found.get(symbol, ZERO) != expected.get(symbol, ZERO)
    }
