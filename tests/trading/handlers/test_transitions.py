import pytest

from tests.trading.support.handler_alone import recorded_run
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import TradingWorkflowRequested, WorkflowDeadlineReached
from trading.handlers.transitions import EVENTS, NEXT, REQUESTS, TABLE, Decision, WorkflowState


def test_every_pair_of_state_and_event_has_one_decision() -> None:
    assert set(TABLE) == {(state, event) for state in WorkflowState for event in EVENTS}


def test_a_step_is_drawn_where_an_event_is_applied_and_only_there() -> None:
    drawn = {(state, event) for event, steps in NEXT.items() for state in steps}
    assert drawn == {pair for pair, decision in TABLE.items() if decision is Decision.APPLY}


@pytest.mark.parametrize("state", [state for state in WorkflowState if state.is_final])
@pytest.mark.parametrize("event", EVENTS)
def test_nothing_is_applied_to_a_workflow_that_has_ended(
    state: WorkflowState, event: type[BaseEvent]
) -> None:
    expected = {TradingWorkflowRequested: Decision.REJECT, WorkflowDeadlineReached: Decision.IGNORE}
    assert TABLE[state, event] is expected.get(event, Decision.LATE)


def test_every_state_can_be_reached_and_can_end() -> None:
    steps = {
        state: {after for each in NEXT.values() for after in each.get(state, ())} for state in WorkflowState
    }
    reached, waiting = set[WorkflowState](), [WorkflowState.NEW]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(steps[state])
    assert reached == set(WorkflowState)
    for state in WorkflowState:
        assert state.is_final or WorkflowState.FAILED in steps[state]


def test_every_state_waits_for_the_answers_to_what_it_asks_for() -> None:
    for state, asked in REQUESTS.items():
        for _, answer in asked:
            assert TABLE[state, answer] is Decision.APPLY


def test_a_run_asks_for_what_is_drawn_and_every_request_is_published_by_the_workflow() -> None:
    asked = [
        type(event)
        for event in recorded_run()
        if event.source_component.startswith("workflow.") and event.event_type.endswith("Requested")
    ]
    assert asked == [request for each in REQUESTS.values() for request, _ in each]
