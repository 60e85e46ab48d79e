"""What a workflow has learned so far, and the results that this adds up to in the end.

Its record is as small as a restart allows, for the journal holds the rest.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from trading.events.bus.handling import Handling
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRetrieved, PortfolioAnalysisCompleted
from trading.events.messages.rebalance import TradeExecuted
from trading.events.messages.signals import SignalGenerated
from trading.events.messages.workflow import ExecutionParameters, WorkflowMode
from trading.handlers.transitions import WorkflowState
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


class WorkflowProgress(NamedTuple):
    """The body of a workflow's record.

    `applied` maps event types to the id of the event that was applied, and is never changed in place;
    `analysis` is an analysis that came before the account data, and `parked` are other events that came
    early, as JSON. `success` and `message` say how the execution ended, or the workflow. `may_have_traded`
    says that the account's session is spoken for; `late` counts what came after the end.
    """

    mode: str
    cash_reserve: str
    minimum_trade: str
    applied: dict[str, str]
    analysis: str = ""
    parked: tuple[str, ...] = ()
    success: bool = False
    message: str = ""
    may_have_traded: bool = False
    late: int = 0

    @classmethod
    def begin(cls, mode: WorkflowMode, parameters: ExecutionParameters) -> "WorkflowProgress":
        """A workflow that knows only what it was asked for."""
        return cls(
            mode=mode.value,
            cash_reserve=str(parameters.cash_reserve),
            minimum_trade=str(parameters.minimum_trade),
            applied={},
        )

    @property
    def trades(self) -> bool:
        """False for a run that must never reach a plan."""
        return self.mode == WorkflowMode.FULL_TRADING

    def changed(self, **fields: Any) -> "WorkflowProgress":
        """The same with these fields changed."""
        return self._replace(**fields)

    def with_applied(self, event: BaseEvent) -> "WorkflowProgress":
        """The same, and this event is part of the workflow's story."""
        return self._replace(applied={**self.applied, event.event_type: event.event_id})

    def has_applied(self, event_class: type[BaseEvent]) -> bool:
        """Whether an event of this class is part of the story."""
        return event_class.__name__ in self.applied

    def to_json(self) -> str:
        """One line of JSON."""
        body = _encode(self._asdict())
        _remember(body, self)
        return body

    @classmethod
    def from_json(cls, body: str) -> "WorkflowProgress":
        """What `to_json` wrote."""
        return _recent.get(body) or cls(**json.loads(body))


_encode = json.JSONEncoder(separators=(",", ":")).encode

# What was written last is read next, within one process several times: a memo of a pure function.
_recent: dict[str, WorkflowProgress] = {}
RECENT_MAX = 16


def _remember(body: str, progress: WorkflowProgress) -> None:
    if len(_recent) >= RECENT_MAX:
        _recent.clear()
    _recent[body] = progress


def state_of(record: WorkflowRecord | None) -> WorkflowState:
    """The state that a record names; without a record the workflow is new."""
    return WorkflowState.NEW if record is None else WorkflowState(record.state)


def progress_of(handling: Handling, workflow_id: str) -> WorkflowProgress | None:
    """What a workflow has learned, for handlers that need to know what it was asked for."""
    record = handling.workflow(workflow_id)
    return None if record is None else WorkflowProgress.from_json(record.body)


def plan_id_of(workflow_id: str) -> str:
    """The one plan of a workflow: its orders are named after it, so that a repeat is recognised."""
    return f"plan-{workflow_id}"


def collect_results(progress: WorkflowProgress, events: Iterable[BaseEvent]) -> ResultDict:
    """Every part that the workflow came to; `events` are those of its run.

    A later part writes over an earlier one (the account after the orders over the account before them), and
    the order is that of the steps, whatever order the events came in.
    """
    results = empty_results(success=progress.success, message=progress.message)
    applied = set(progress.applied.values())
    by_class = {type(event): event for event in events if event.event_id in applied}
    for event_class, part in _PARTS.items():
        if event_class in by_class:
            results |= part(by_class[event_class])
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
