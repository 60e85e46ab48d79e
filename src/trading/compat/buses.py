"""The bus of the event-driven path as the migration sees it, and the contract of a workflow's events.

The state machine in `transitions` is the source: what a state asks for, and what has to be there before it.
"""

from collections.abc import Iterator

from changeover import BusEvent, Carries, EventContract
from changeover.migration import Migration
from changeover.record.declared_buses import DeclaredBus
from trading.compat.announcements import Announcements
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import (
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
from trading.events.messages.signals import SignalGenerated
from trading.events.messages.workflow import (
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowStepFailed,
)
from trading.events.schema.catalogue import EVENTS
from trading.handlers.transitions import NEXT, REQUESTS

NAME = "trading"
_ENVELOPE = frozenset(BaseEvent.model_fields)
_CONTENT: dict[type[BaseEvent], tuple[str, ...]] = {
    event: tuple(name for name in event.model_fields if name not in _ENVELOPE) for event in EVENTS
}
_FAILURES = (WorkflowStepFailed, WorkflowDeadlineReached)
# Two requests may be under way when a step fails: what answers the other one arrives late, and has no effect.
_MAY_COME_LATE = (*_FAILURES, AccountDataRetrieved, PortfolioAnalysisCompleted)


def add_bus(migration: Migration) -> DeclaredBus:
    """Declare the bus; legacy announces its signals on one of its own, which counts as the same."""
    declared = migration.bus(NAME, describe=bus_event, contract=contract(), both=[_type(SignalGenerated)])
    migration.codec.register(*EVENTS)
    Announcements.watched_by = declared
    return declared


def bus_event(event: BaseEvent) -> BusEvent:
    """An event of the trading system; its content is what its type adds to the envelope."""
    content = {name: getattr(event, name) for name in _CONTENT[type(event)]}
    return BusEvent(event.event_id, event.event_type, event.correlation_id, event.causation_id, content)


def contract() -> EventContract:
    """What must hold of the events of one workflow."""
    return EventContract(
        start=_type(TradingWorkflowRequested),
        end=[_type(TradingWorkflowCompleted)],
        once=[_type(event) for event in EVENTS if event not in _FAILURES],
        before=[(_type(first), _type(then)) for first, then in sorted(set(_pairs()), key=str)],
        answers={
            **{_type(asked): _type(answer) for asked, answer in _questions()},
            _type(TradeExecuted): _type(ReconciliationCompleted),
        },
        excuses=[_type(WorkflowStepFailed)],  # a deadline excuses nothing: it comes where an answer did not
        after_end=[_type(event) for event in _MAY_COME_LATE],
        carries=CARRIES,
        types=[_type(event) for event in EVENTS],
    )


def _questions() -> Iterator[tuple[type[BaseEvent], type[BaseEvent]]]:
    return (pair for pairs in REQUESTS.values() for pair in pairs)


def _pairs() -> Iterator[tuple[type[BaseEvent], type[BaseEvent]]]:
    """A question comes before its answer, and every answer of a state before what the next state asks."""
    yield from _questions()
    for state, asked in REQUESTS.items():
        following = {
            to for by_state in NEXT.values() for to in by_state.get(state, ()) if to is not state
        } - {state}
        for next_state in following:
            for _, answer in asked:
                yield from ((answer, question) for question, _ in REQUESTS.get(next_state, ()))
    yield TradeExecuted, ReconciliationCompleted


def _type(event: type[BaseEvent]) -> str:
    name: str = event.model_fields["event_type"].default
    return name


CARRIES = (
    Carries(
        _type(SignalGenerated),
        _type(PortfolioAnalysisRequested),
        {"consolidated_portfolio.target_allocations": "target_allocations"},
    ),
    Carries(_type(PortfolioAnalysisCompleted), _type(RebalancePlanRequested), ["portfolio_state"]),
    Carries(_type(RebalancePlanRequested), _type(RebalancePlanned), ["portfolio_state"]),
    Carries(_type(RebalancePlanCompleted), _type(RebalancePlanned), ["plan"]),
    Carries(_type(RebalancePlanCompleted), _type(ExecutionRequested), ["plan"]),
    Carries(
        _type(TradeExecuted),
        _type(TradingWorkflowCompleted),
        {"execution_result.plan_id": "results.execution_result.plan_id"},
    ),
)
