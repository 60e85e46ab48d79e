"""The event-driven path put together: every handler, its name, and what it listens to."""

from collections.abc import Callable
from typing import Any

from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.journal.port import Ledger
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.execution import ExecutionRequested, ReconciliationCompleted, TradeExecuted
from trading.events.messages.plan import RebalancePlanCompleted, RebalancePlanned, RebalancePlanRequested
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.events.messages.startup import StartupEvent
from trading.events.messages.workflow import (
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowStepFailed,
)
from trading.events.schema.catalogue import EVENTS
from trading.handlers.event_driven_orchestrator import EventDrivenOrchestrator
from trading.handlers.execution_handler import ExecutionHandler
from trading.handlers.notification_handler import NotificationHandler
from trading.handlers.portfolio_event_handler import AccountDataHandler, PortfolioEventHandler
from trading.handlers.signal_handler import SignalHandler
from trading.handlers.trading_workflow_handler import TradingWorkflowHandler
from trading.services import Services
from trading.settings import Settings

Subscription = tuple[type[BaseEvent], Callable[[Any, Handling], None], str]


def subscriptions(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    """Every handler in the order in which they get an event that several listen to.

    Recovery clears up before the workflow is ended, so nothing happens at the broker after the end.
    """
    workflow = TradingWorkflowHandler(services, settings)
    signals = SignalHandler(services)
    account = AccountDataHandler(services)
    portfolio = PortfolioEventHandler(services, settings)
    execution = ExecutionHandler(services, settings)
    notification = NotificationHandler(services)
    orchestrator = EventDrivenOrchestrator(services)
    return (
        (StartupEvent, orchestrator.handle_startup, "orchestrator.startup"),
        (WorkflowStepFailed, orchestrator.handle_workflow_step_failed, "orchestrator.step-failed"),
        (WorkflowDeadlineReached, orchestrator.handle_workflow_deadline_reached, "orchestrator.deadline"),
        (TradingWorkflowRequested, workflow.handle_trading_workflow_requested, "workflow.requested"),
        (SignalGenerated, workflow.handle_signal_generated, "workflow.signals"),
        (AccountDataRetrieved, workflow.handle_account_data_retrieved, "workflow.account"),
        (PortfolioAnalysisCompleted, workflow.handle_portfolio_analysis_completed, "workflow.analysis"),
        (RebalancePlanCompleted, workflow.handle_rebalance_plan_completed, "workflow.plan"),
        (TradeExecuted, workflow.handle_trade_executed, "workflow.executed"),
        (ReconciliationCompleted, workflow.handle_reconciliation_completed, "workflow.reconciled"),
        (WorkflowStepFailed, workflow.handle_workflow_step_failed, "workflow.step-failed"),
        (WorkflowDeadlineReached, workflow.handle_workflow_deadline_reached, "workflow.deadline"),
        (SignalsRequested, signals.handle_signals_requested, "signals"),
        (AccountDataRequested, account.handle_account_data_requested, "account-data"),
        (PortfolioAnalysisRequested, portfolio.handle_portfolio_analysis_requested, "portfolio.analysis"),
        (RebalancePlanRequested, portfolio.handle_rebalance_plan_requested, "portfolio.plan"),
        (RebalancePlanned, orchestrator.handle_rebalance_planned, "orchestrator.planned"),
        (ExecutionRequested, execution.handle_execution_requested, "execution"),
        (TradeExecuted, orchestrator.handle_trade_executed, "orchestrator.reconciliation"),
        (TradingWorkflowCompleted, notification.handle_trading_workflow_completed, "notification"),
    )


def build_bus(services: Services, settings: Settings, journal: Ledger) -> EventBus:
    """A bus with all handlers; raises UnroutedEvents where an event of the system has no consumer."""
    bus = EventBus(clock=services.clock, ids=services.ids, journal=journal)
    for event_class, handle, name in subscriptions(services, settings):
        bus.subscribe(event_class, handle, name=name)
    execution = ExecutionHandler(services, settings)
    bus.finish_leftovers(RebalancePlanCompleted, execution.handle_leftover_plan, name="execution")
    bus.check_routes(EVENTS)
    bus.prepare_routes(EVENTS)
    return bus
