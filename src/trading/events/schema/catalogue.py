"""Every event of the system, and how its earlier versions are read."""

from trading.events.account import AccountDataRequested, AccountDataRetrieved
from trading.events.execution import ReconciliationCompleted, TradeExecuted
from trading.events.plan import RebalancePlanCompleted, RebalancePlanned, RebalancePlanRequested
from trading.events.portfolio import PortfolioAnalysisCompleted, PortfolioAnalysisRequested
from trading.events.signals import SignalGenerated, SignalsRequested
from trading.events.startup import StartupEvent
from trading.events.upcasters import account_data_retrieved_1
from trading.events.versions import Versions
from trading.events.workflow import (
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowStepFailed,
)

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
    TradeExecuted,
    ReconciliationCompleted,
    WorkflowStepFailed,
    WorkflowDeadlineReached,
    TradingWorkflowCompleted,
)

VERSIONS = Versions(EVENTS, {("AccountDataRetrieved", 1): account_data_retrieved_1})
"""Reads every event that this system has ever written."""
