"""Every event of the system, and how its earlier versions are read."""

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
from trading.events.schema.upcasters import account_data_retrieved_1
from trading.events.schema.versions import Versions

EVENTS = (
    StartupEvent,
    TradingWorkflowRequested,
    SignalsRequested,
    SignalGenerated,
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisRequested,
    PortfolioAnalysisCompleted,
    RebalancePlanRequested,
    RebalancePlanCompleted,
    RebalancePlanned,
    ExecutionRequested,
    TradeExecuted,
    ReconciliationCompleted,
    WorkflowStepFailed,
    WorkflowDeadlineReached,
    WorkflowOverdue,
    TradingWorkflowCompleted,
)

VERSIONS = Versions(EVENTS, {("AccountDataRetrieved", 1): account_data_retrieved_1})
"""Reads every event that this system has ever written."""
