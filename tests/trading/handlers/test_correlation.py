"""Every event of a run belongs to one tree, and observers see it grow."""

from datetime import date
from typing import Any

import pytest

from tests.trading.support.desks import front_door, open_desk
from tests.trading.support.failing_handlers import ALWAYS, traded
from trading.composition import TradingPath
from trading.desk import Desk
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import TradingWorkflowRequested
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.settings import Settings
from trading.tracking import track

SESSIONS = [date(2011, 8, 8), date(2011, 8, 9), date(2011, 8, 10)]
FAULTS: dict[str, dict[str, Any]] = {
    "nothing fails": {},
    "orders fail": {"reject": ["TLT"], "lose_reply": ["XLU"], "delay_s": {"TIP": 600}},
    "the account cannot be read": {"outage_methods": ["account"]},
    "the market is closed": {"market_closed": True},
}


def recorded_days(faults: dict[str, Any]) -> tuple[Desk, list[BaseEvent]]:
    """Three sessions and a look at the signals, with everything that an observer saw."""
    desk, _ = open_desk(Settings.model_validate({"paper": {"faults": faults}}), load_bundled(), SESSIONS[0])
    seen: list[BaseEvent] = []
    desk.bus.observe(seen.append)
    door = front_door(desk, TradingPath.CANDIDATE)
    for session in SESSIONS:
        desk.clock.advance_to(session_time(session))
        door.execute_trading()
    door.analyze_signals()
    return desk, seen


def assert_is_one_tree(desk: Desk, run: str) -> list[BaseEvent]:
    events = [stored.event for stored in desk.journal.events(run) if stored.event is not None]
    assert {event.correlation_id for event in events} == {run}
    root, *others = events
    assert isinstance(root, TradingWorkflowRequested)
    assert root.causation_id is None
    published = {root.event_id}
    for event in others:  # in the order of publication: a cause comes before what it led to
        assert event.causation_id in published
        published.add(event.event_id)
    assert len(published) == len(events)
    return events


@pytest.mark.parametrize("situation", FAULTS)
def test_every_event_of_every_run_is_caused_by_an_earlier_one_of_the_same_run(situation: str) -> None:
    desk, _ = recorded_days(FAULTS[situation])
    workflows = desk.journal.workflows()
    assert len(workflows) == len(SESSIONS) + 1
    for record in workflows:
        events = assert_is_one_tree(desk, record.workflow_id)
        tree = track(desk.journal, record).nodes
        assert len(tree) == len(events)
        assert [node.depth for node in tree].count(0) == 1


@pytest.mark.parametrize("name", ["signals", "execution", "workflow.requested", "notification"])
def test_what_follows_a_defect_belongs_to_the_tree_of_its_run(name: str) -> None:
    run = traded({name: ALWAYS})
    (record,) = run.desk.journal.workflows()
    events = assert_is_one_tree(run.desk, record.workflow_id)
    assert "WorkflowStepFailed" in [event.event_type for event in events]


@pytest.mark.parametrize("situation", FAULTS)
def test_observers_see_every_event_once_in_the_order_of_publication(situation: str) -> None:
    desk, seen = recorded_days(FAULTS[situation])
    numbers = {
        stored.event.event_id: stored.seq
        for record in desk.journal.workflows()
        for stored in desk.journal.events(record.workflow_id)
        if stored.event is not None
    }
    at_once = [
        event for event in seen if event.event_type != "WorkflowDeadlineReached"
    ]  # that one is delayed
    order = [numbers[event.event_id] for event in at_once]
    assert order == sorted(set(order))
    assert len(seen) >= len(numbers) - 2  # the last two deadlines have not come
