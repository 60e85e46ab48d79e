"""Events of a recorded run in any order and more than once: one end, the same one."""

from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.support.desks import open_desk
from tests.trading.support.handler_alone import SESSION, Alone, recorded_run
from trading.desk import Desk
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import (
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowStepFailed,
)
from trading.handlers.subscriptions import subscriptions
from trading.handlers.trading_workflow_handler import EventRejected
from trading.handlers.transitions import EVENTS, WorkflowState
from trading.market.history import load_bundled
from trading.settings import Settings

FAULTS: dict[str, dict[str, list[str]]] = {"nothing fails": {}, "an order is refused": {"reject": ["TLT"]}}


@cache
def recorded(situation: str) -> tuple[BaseEvent, ...]:
    return tuple(recorded_run(paper={"faults": FAULTS[situation]}))


def story(situation: str) -> list[BaseEvent]:
    """What the workflow handler gets, apart from the request that begins it."""
    elsewhere = (TradingWorkflowRequested, WorkflowDeadlineReached)
    return [
        event
        for event in recorded(situation)
        if isinstance(event, EVENTS) and not isinstance(event, elsewhere)
    ]


@cache
def desk() -> Desk:
    """One for all: the workflow handler asks only whether the market is open, and the time."""
    return open_desk(Settings(), load_bundled(), SESSION)[0]


def told(world: Alone, events: list[BaseEvent]) -> None:
    """Hand each event to the workflow handler's own method for it."""
    handlers = {
        event_class: handle
        for event_class, handle, name in subscriptions(world.desk.services, world.desk.settings)
        if name.startswith("workflow.")
    }
    for event in events:
        with suppress(EventRejected):  # a dead letter: without effect on the workflow
            world.deliver(handlers[type(event)], event)


orders = st.tuples(
    st.permutations(range(6)), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=8)
)


@pytest.mark.parametrize("situation", FAULTS)
@given(drawn=orders)
@settings(max_examples=60)
def test_any_order_and_any_duplicates_lead_to_the_same_results_once(
    situation: str, drawn: tuple[list[int], list[tuple[int, int]]]
) -> None:
    events = story(situation)
    order, duplicates = list(drawn[0]), drawn[1]
    for which, where in duplicates:
        order.insert(min(where, len(order)), which)
    request, completed = recorded(situation)[0], recorded(situation)[-1]
    assert isinstance(completed, TradingWorkflowCompleted)
    world = Alone(desk())
    told(world, [request, *(events[which] for which in order), request])
    (end,) = world.of_type(TradingWorkflowCompleted)
    assert (end.success, end.results) == (completed.success, completed.results)
    expected = WorkflowState.COMPLETED if completed.success else WorkflowState.FAILED
    assert world.record(request.correlation_id).state == expected
    assert sorted(event.event_type for event in world.published) == [
        "AccountDataRequested",
        "ExecutionRequested",
        "PortfolioAnalysisRequested",
        "RebalancePlanRequested",
        "SignalsRequested",
        "TradingWorkflowCompleted",
        "WorkflowDeadlineReached",
    ]


@given(order=st.permutations(range(6)), at=st.integers(0, 6))
@settings(max_examples=40)
def test_a_step_that_fails_at_any_time_ends_the_workflow_once_unless_it_has_ended(
    order: list[int], at: int
) -> None:
    events = [story("nothing fails")[which] for which in order]
    request = recorded("nothing fails")[0]
    world = Alone(desk())
    failed = world.event(
        WorkflowStepFailed,
        run=request.correlation_id,
        step="signals",
        error_type="OSError",
        message="away",
        retryable=True,
    )
    told(world, [request, *events[:at], failed, *events[at:]])
    (end,) = world.of_type(TradingWorkflowCompleted)
    assert end.success is (at == len(events))
    assert world.published[-1] is end
    assert world.progress(request.correlation_id).late == len(events) - at + end.success


def test_a_workflow_remembers_nothing_between_two_handlers() -> None:
    request, completed = recorded("nothing fails")[0], recorded("nothing fails")[-1]
    assert isinstance(completed, TradingWorkflowCompleted)
    world = Alone(desk())
    told(world, [request])
    for event in story("nothing fails"):
        told(world, [event])  # a handler of its own for each, as after a restart
    assert [end.results for end in world.of_type(TradingWorkflowCompleted)] == [completed.results]
