from datetime import timedelta

import pytest

from tests.trading.support.event_samples import NOW, new_bus, request
from trading.clock import SimulatedClock
from trading.events.bus.handling import Handling
from trading.events.journal.port import AlreadySettled, Journal, SettlementRefused
from trading.events.journal.records import (
    DamagedDelivery,
    Delivery,
    Failure,
    Outcome,
    Outgoing,
    Settlement,
    WorkflowRecord,
)
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested

RECORD = WorkflowRecord("run-1", "begun", '{"n": 1}', "paper", "2016-03-01", NOW, NOW)
LATER = NOW + timedelta(minutes=5)


def put(journal: Journal, event_id: str, *handlers: str, run: str = "run-1") -> Delivery:
    """Append an event; the delivery to its first handler."""
    sent = request(event_id, run=run)
    seq = journal.append(Outgoing(sent, handlers or ("h",)), NOW)
    assert seq is not None
    return Delivery(seq, sent, handlers[0] if handlers else "h")


def handled(
    delivery: Delivery, *published: Outgoing, workflows: tuple[WorkflowRecord, ...] = ()
) -> Settlement:
    return Settlement(delivery, Outcome.HANDLED, NOW, workflows=workflows, published=published)


def waiting(journal: Journal) -> list[tuple[str, str]]:
    return [
        (found.event.event_id, found.handler)
        for found in journal.undelivered()
        if not isinstance(found, DamagedDelivery)
    ]


def test_what_is_appended_waits_for_each_of_its_handlers_in_order(journal: Journal) -> None:
    put(journal, "e-1", "z", "a")
    put(journal, "e-2", "z")
    assert waiting(journal) == [("e-1", "z"), ("e-1", "a"), ("e-2", "z")]


def test_an_id_is_kept_once(journal: Journal) -> None:
    put(journal, "e-1")
    assert journal.append(Outgoing(request("e-1"), ("h",)), NOW) is None
    assert journal.events_of_run("run-1") == 1


def test_a_settled_delivery_waits_no_more_and_what_it_published_does(journal: Journal) -> None:
    journal.settle(handled(put(journal, "e-1"), Outgoing(request("e-2"), ("next",))))
    assert waiting(journal) == [("e-2", "next")]


def test_a_delivery_is_settled_once(journal: Journal) -> None:
    delivery = put(journal, "e-1")
    journal.settle(handled(delivery))
    with pytest.raises(AlreadySettled):
        journal.settle(handled(delivery, Outgoing(request("e-2"), ("next",))))
    assert waiting(journal) == []


def test_a_refused_settlement_leaves_nothing_behind(journal: Journal) -> None:
    delivery = put(journal, "e-1")
    taken = Outgoing(request("e-1"), ("next",))
    with pytest.raises(SettlementRefused, match="e-1 is taken"):
        journal.settle(handled(delivery, Outgoing(request("e-2"), ("next",)), taken, workflows=(RECORD,)))
    assert waiting(journal) == [("e-1", "h")]
    assert journal.workflow("run-1") is None


def test_workflow_state_is_kept_and_advanced(journal: Journal) -> None:
    journal.settle(handled(put(journal, "e-1"), workflows=(RECORD,)))
    assert journal.workflow("run-1") == RECORD
    advanced = RECORD.advanced(state="done", body='{"n": 2}', at=LATER, finished=True)
    journal.settle(handled(put(journal, "e-2"), workflows=(advanced,)))
    assert journal.workflow("run-1") == advanced
    assert advanced.sequence == 2


@pytest.mark.parametrize("sequence", [1, 3])
def test_a_change_that_does_not_follow_the_last_one_is_refused(journal: Journal, sequence: int) -> None:
    journal.settle(handled(put(journal, "e-1"), workflows=(RECORD,)))
    wrong = WorkflowRecord("run-1", "x", "{}", "paper", "2016-03-01", NOW, NOW, sequence=sequence)
    with pytest.raises(SettlementRefused):
        journal.settle(handled(put(journal, "e-2"), workflows=(wrong,)))
    assert journal.workflow("run-1") == RECORD


def test_workflows_are_found_by_account_and_session_and_whether_they_are_finished(journal: Journal) -> None:
    finished = WorkflowRecord("run-2", "done", "{}", "paper", "2016-03-02", LATER, LATER, finished=True)
    other = WorkflowRecord("run-3", "begun", "{}", "live", "2016-03-01", LATER, LATER)
    journal.settle(handled(put(journal, "e-1"), workflows=(other, finished, RECORD)))

    def found(**which: str | bool) -> list[str]:
        return [record.workflow_id for record in journal.workflows(**which)]  # type: ignore[arg-type]

    assert found() == ["run-1", "run-2", "run-3"]
    assert found(account="paper") == ["run-1", "run-2"]
    assert found(account="paper", session="2016-03-02") == ["run-2"]
    assert found(unfinished_only=True) == ["run-1", "run-3"]


def test_delayed_deliveries_come_by_due_time_and_not_before(journal: Journal) -> None:
    for event_id, minutes in (("late", 2), ("soon", 1)):
        journal.append(Outgoing(request(event_id), ("h",), NOW + timedelta(minutes=minutes)), NOW)
    assert waiting(journal) == []
    assert journal.next_due() == NOW + timedelta(minutes=1)
    assert list(journal.due(NOW)) == []
    assert [found.event_id for found in journal.due(LATER)] == ["soon", "late"]


def test_a_retry_is_due_later_as_the_next_attempt(journal: Journal) -> None:
    delivery = put(journal, "e-1")
    journal.settle(Settlement(delivery, Outcome.RETRY, NOW, due=LATER, failure=Failure("OSError", "away")))
    assert waiting(journal) == []
    (again,) = journal.due(LATER)
    assert (again.event_id, again.attempt) == ("e-1", 2)
    with pytest.raises(AlreadySettled):
        journal.settle(handled(delivery))


def test_a_dead_letter_keeps_its_cause_until_it_is_put_back(journal: Journal) -> None:
    delivery = put(journal, "e-1")
    journal.settle(Settlement(delivery, Outcome.DEAD, LATER, failure=Failure("OSError", "away")))
    (letter,) = journal.dead_letters()
    assert letter == journal.dead_letter(delivery.seq, "h")
    assert (letter.failure, letter.died_at, letter.event) == (
        Failure("OSError", "away"),
        LATER,
        delivery.event,
    )
    assert journal.put_back(delivery.seq, "h", LATER)
    assert not journal.put_back(delivery.seq, "h", LATER)
    assert journal.dead_letter(delivery.seq, "h") is None
    assert [(found.event_id, found.attempt) for found in journal.due(LATER)] == [("e-1", 1)]


def test_a_run_tells_its_events_with_the_fate_of_each_delivery(journal: Journal) -> None:
    delivery = put(journal, "e-1", "h", "other")
    journal.settle(handled(delivery, Outgoing(request("e-2"), ())))
    put(journal, "elsewhere", run="run-2")
    first, second = journal.events("run-1")
    assert (first.event, second.event) == (request("e-1"), request("e-2"))
    assert first.seq < second.seq
    assert [(found.handler, found.outcome) for found in first.deliveries] == [
        ("h", Outcome.HANDLED),
        ("other", Outcome.PENDING),
    ]
    assert second.deliveries == ()


def test_pruning_forgets_whole_runs_that_are_over(journal: Journal) -> None:
    journal.settle(handled(put(journal, "e-1"), Outgoing(request("e-2"), ())))
    assert journal.prune(NOW) == 0
    assert journal.prune(LATER) == 2
    assert list(journal.events("run-1")) == []


def test_pruning_keeps_a_run_while_anything_of_it_is_open(journal: Journal) -> None:
    put(journal, "pending", run="run-2")
    dead = put(journal, "dead", run="run-3")
    journal.settle(Settlement(dead, Outcome.DEAD, NOW, failure=Failure("OSError", "away")))
    journal.settle(handled(put(journal, "e-1"), workflows=(RECORD,)))
    assert journal.prune(LATER) == 0
    finished = RECORD.advanced(state="done", body="{}", at=NOW, finished=True)
    journal.settle(handled(put(journal, "e-2"), workflows=(finished,)))
    assert journal.prune(LATER) == 2
    assert journal.workflow("run-1") == finished


def test_numbers_are_never_given_out_again(journal: Journal) -> None:
    delivery = put(journal, "e-1")
    journal.settle(handled(delivery))
    journal.prune(LATER)
    assert put(journal, "e-2").seq > delivery.seq


def test_an_event_is_in_the_journal_before_any_handler_sees_it(journal: Journal) -> None:
    bus, kept = new_bus(journal), list[int]()
    bus.subscribe(
        SignalsRequested, lambda got, _h: kept.append(len(journal.events(got.correlation_id))), name="h"
    )
    bus.publish(request("e-1"))
    assert kept == [1]


def test_a_delivery_to_a_handler_that_is_gone_is_not_lost(journal: Journal) -> None:
    put(journal, "e-1", "renamed")
    bus = new_bus(journal)
    bus.subscribe(SignalsRequested, lambda _e, _h: None, name="another")
    bus.resume()
    assert [letter.failure.error_type for letter in journal.dead_letters()] == ["HandlerMissing"]


def test_what_was_left_undelivered_comes_before_what_is_published_now(journal: Journal) -> None:
    put(journal, "old", "h")
    bus, seen = new_bus(journal), list[str]()
    bus.subscribe(SignalsRequested, lambda got, _h: seen.append(got.event_id), name="h")
    bus.publish(request("new"))
    assert seen == ["old", "new"]


def test_the_limit_of_a_run_outlives_the_process(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trading.events.bus.handling.EVENTS_PER_RUN_MAX", 5)
    for number in range(5):
        put(journal, f"e-{number}", "asks")

    def ask(_event: BaseEvent, handling: Handling) -> None:
        handling.publish(AccountDataRequested)

    bus = new_bus(journal, clock=SimulatedClock(NOW))
    bus.subscribe(SignalsRequested, ask, name="asks")
    bus.resume()
    assert {letter.failure.error_type for letter in journal.dead_letters()} == {"RunawayRun"}
