"""The list of all handlers, and which of them may work in a process of their own."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

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
    RebalancePlanned,
    RebalancePlanRequested,
    ReconciliationCompleted,
    TradeExecuted,
)
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.events.messages.startup import StartupEvent
from trading.events.messages.workflow import (
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowOverdue,
    WorkflowStepFailed,
)
from trading.handlers.event_driven_orchestrator import EventDrivenOrchestrator
from trading.handlers.execution_handler import ExecutionHandler
from trading.handlers.notification_handler import NotificationHandler
from trading.handlers.portfolio_event_handler import AccountDataHandler, PortfolioEventHandler
from trading.handlers.signal_handler import SignalHandler
from trading.handlers.trading_workflow_handler import TradingWorkflowHandler
from trading.services import Services
from trading.settings import Settings

Subscription = tuple[type[BaseEvent], Callable[[Any, Handling], None], str]


class HandlerGroup(StrEnum):
    """Handlers that work in one process, one after the other."""

    WORKFLOW = "workflow"  # coordination and recovery
    PORTFOLIO = "portfolio"  # reads and works out: signals, account data, analysis, plan
    EXECUTION = "execution"  # what is seen from outside: orders, reconciliation, notification


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
        (WorkflowOverdue, notification.handle_workflow_overdue, "notification.overdue"),
        (SignalsRequested, signals.handle_signals_requested, "signals"),
        (AccountDataRequested, account.handle_account_data_requested, "account-data"),
        (PortfolioAnalysisRequested, portfolio.handle_portfolio_analysis_requested, "portfolio.analysis"),
        (RebalancePlanRequested, portfolio.handle_rebalance_plan_requested, "portfolio.plan"),
        (RebalancePlanned, orchestrator.handle_rebalance_planned, "orchestrator.planned"),
        (ExecutionRequested, execution.handle_execution_requested, "execution"),
        (TradeExecuted, orchestrator.handle_trade_executed, "orchestrator.reconciliation"),
        (TradingWorkflowCompleted, notification.handle_trading_workflow_completed, "notification"),
    )


def leftovers(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    """What finishes deliveries that an earlier program left in a journal; nothing new goes there."""
    execution = ExecutionHandler(services, settings)
    return ((RebalancePlanCompleted, execution.handle_leftover_plan, "execution"),)


GROUP_OF = {
    "orchestrator.startup": HandlerGroup.WORKFLOW,
    "orchestrator.step-failed": HandlerGroup.WORKFLOW,
    "orchestrator.deadline": HandlerGroup.WORKFLOW,
    "orchestrator.planned": HandlerGroup.WORKFLOW,
    "workflow.requested": HandlerGroup.WORKFLOW,
    "workflow.signals": HandlerGroup.WORKFLOW,
    "workflow.account": HandlerGroup.WORKFLOW,
    "workflow.analysis": HandlerGroup.WORKFLOW,
    "workflow.plan": HandlerGroup.WORKFLOW,
    "workflow.executed": HandlerGroup.WORKFLOW,
    "workflow.reconciled": HandlerGroup.WORKFLOW,
    "workflow.step-failed": HandlerGroup.WORKFLOW,
    "workflow.deadline": HandlerGroup.WORKFLOW,
    "notification.overdue": HandlerGroup.WORKFLOW,  # by whoever found it overdue: another may be away
    "signals": HandlerGroup.PORTFOLIO,
    "account-data": HandlerGroup.PORTFOLIO,
    "portfolio.analysis": HandlerGroup.PORTFOLIO,
    "portfolio.plan": HandlerGroup.PORTFOLIO,
    "execution": HandlerGroup.EXECUTION,
    "orchestrator.reconciliation": HandlerGroup.EXECUTION,
    "notification": HandlerGroup.EXECUTION,
}
"""A handler that two events reach in different groups would not get them in order: each has one."""


def handlers_of(groups: frozenset[HandlerGroup]) -> frozenset[str]:
    """The names of the handlers of these groups."""
    return frozenset(name for name, group in GROUP_OF.items() if group in groups)


def names_of(event_class: type[BaseEvent], subscribed: tuple[Subscription, ...]) -> tuple[str, ...]:
    """The handlers that get this class, in order."""
    return tuple(name for taken, _, name in subscribed if issubclass(event_class, taken))
