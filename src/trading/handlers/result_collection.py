"""The result dictionary of the old interface, told from the events that a workflow applied."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from trading.events.messages.envelope import BaseEvent
from trading.events.messages.execution import TradeExecuted
from trading.events.messages.portfolio import AccountDataRetrieved, PortfolioAnalysisCompleted
from trading.events.messages.signals import SignalGenerated
from trading.handlers.progress import WorkflowProgress
from trading.results import (
    NO_ACCOUNT_DATA,
    ResultDict,
    account_data_dict,
    comparison_dict,
    empty_results,
    execution_dict,
    orders_list,
    portfolio_dict,
    signals_dict,
)


def collect_results(progress: WorkflowProgress, events: Iterable[BaseEvent]) -> ResultDict:
    """Every part that the workflow came to; `events` are those of its run.

    A later part writes over an earlier one (the account after the orders over the account before them), and
    the order is that of the steps, whatever order the events came in.
    """
    results = empty_results(success=progress.success, message=progress.message)
    applied = set(progress.applied.values())
    told = {type(event): event for event in events if event.event_id in applied}
    for event_class, part in _PARTS.items():
        if event_class in told:
            results |= part(told[event_class])
    return results


def _signals(event: SignalGenerated) -> ResultDict:
    return {
        "strategy_signals": signals_dict(event.signals),
        "consolidated_portfolio": portfolio_dict(event.consolidated_portfolio),
    }


def _account(event: AccountDataRetrieved) -> ResultDict:
    return account_data_dict(event.portfolio_state)


def _analysis(event: PortfolioAnalysisCompleted) -> ResultDict:
    return {"allocation_comparison": comparison_dict(event.allocation_comparison)}


def _execution(event: TradeExecuted) -> ResultDict:
    after = event.portfolio_state_after
    return (NO_ACCOUNT_DATA if after is None else account_data_dict(after)) | {
        "orders_executed": orders_list(event.execution_result),
        "execution_result": execution_dict(event.execution_result),
    }


_PARTS: Mapping[type[BaseEvent], Callable[[Any], ResultDict]] = {
    SignalGenerated: _signals,
    AccountDataRetrieved: _account,
    PortfolioAnalysisCompleted: _analysis,
    TradeExecuted: _execution,
}
