from datetime import timedelta

from tests.trading.support.event_samples import NOW, new_bus, request
from trading.clock import SimulatedClock
from trading.events.bus.bus import RunEnd
from trading.events.bus.handling import Handling
from trading.events.bus.retry import RetryPolicy
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal, PermanentFailure
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.messages.workflow import MESSAGE_CHARACTERS_MAX, WorkflowStepFailed
from trading.ids import CountingIds


class Failing:
    """A handler that fails a number of times, and what it was called for."""

    def __init__(self, clock: SimulatedClock, failures: int, error: Exception | None = None) -> None:
        self.called_at: list[float] = []
        self._clock = clock
        self._failures = failures
        self._error = error or OSError("broker is away")

    def __call__(self, _event: BaseEvent, _handling: Handling) -> None:
        self.called_at.append((self._clock.now() - NOW).total_seconds())
        if len(self.called_at) <= self._failures:
            raise self._error


def test_a_failed_handler_is_tried_again_after_growing_delays(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus = new_bus(journal, clock=clock, retry=RetryPolicy(attempts_max=3, first_delay_s=1, factor=3))
    handler = Failing(clock, failures=2)
    bus.subscribe(SignalsRequested, handler, name="fails twice")
    bus.publish(request("e-1"))
    assert bus.run_until(lambda: False) is RunEnd.IDLE
    assert handler.called_at == [0, 1, 4]
    counts = bus.metrics().handlers["SignalsRequested", "fails twice"]
    assert (counts.delivered, counts.failed, counts.retried, counts.dead) == (1, 2, 2, 0)
    assert journal.dead_letters() == []


def test_what_never_works_is_dead_lettered_and_announced_with_its_cause(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus, announced = new_bus(journal, clock=clock), list[WorkflowStepFailed]()
    bus.subscribe(SignalsRequested, Failing(clock, failures=99), name="fails")
    bus.subscribe(WorkflowStepFailed, lambda got, _h: announced.append(got), name="failures")
    bus.publish(request("e-1"))
    bus.run_until(lambda: False)
    (failed,) = announced
    assert (failed.step, failed.error_type, failed.message) == ("fails", "OSError", "broker is away")
    assert (failed.retryable, failed.causation_id, failed.correlation_id) == (True, "e-1", "run-1")
    (letter,) = journal.dead_letters()
    assert (letter.handler, letter.event_id, letter.attempts) == ("fails", "e-1", 3)
    assert letter.failure.message == "broker is away"


def test_only_the_handler_that_failed_is_tried_again(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus, calm, seen = new_bus(journal, clock=clock), Failing(clock, failures=0), list[BaseEvent]()
    bus.observe(seen.append)
    bus.subscribe(SignalsRequested, Failing(clock, failures=1), name="fails once")
    bus.subscribe(SignalsRequested, calm, name="calm")
    bus.publish(request("e-1"))
    bus.run_until(lambda: False)
    assert calm.called_at == [0]
    assert len(seen) == 1


def test_a_permanent_failure_is_not_tried_again(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus, announced = new_bus(journal, clock=clock), list[WorkflowStepFailed]()
    handler = Failing(clock, 1, PermanentFailure("no such account"))
    bus.subscribe(SignalsRequested, handler, name="fails")
    bus.subscribe(WorkflowStepFailed, lambda got, _h: announced.append(got), name="failures")
    bus.publish(request("e-1"))
    assert handler.called_at == [0]
    assert [failed.retryable for failed in announced] == [False]


def test_a_failure_that_cannot_be_handled_is_not_announced_again(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus = new_bus(journal, clock=clock)
    bus.subscribe(SignalsRequested, Failing(clock, 99), name="fails")
    bus.subscribe(WorkflowStepFailed, Failing(clock, 99), name="fails too")
    bus.publish(request("e-1"))
    assert bus.run_until(lambda: False) is RunEnd.IDLE
    assert [letter.handler for letter in journal.dead_letters()] == ["fails", "fails too"]
    assert bus.metrics().unannounced == 1


def test_a_message_without_end_and_without_unicode_is_still_announced(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus, announced = new_bus(journal, clock=clock), list[WorkflowStepFailed]()
    bus.subscribe(SignalsRequested, Failing(clock, 1, PermanentFailure("\ud800" * 10**5)), name="fails")
    bus.subscribe(WorkflowStepFailed, lambda got, _h: announced.append(got), name="failures")
    bus.publish(request("e-1"))
    assert [len(failed.message) for failed in announced] == [MESSAGE_CHARACTERS_MAX]


def test_a_dead_letter_that_is_put_back_is_delivered_again(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus = new_bus(journal, clock=clock)
    handler = Failing(clock, 1, PermanentFailure("not today"))
    bus.subscribe(SignalsRequested, handler, name="fails once")
    bus.publish(request("e-1"))
    (letter,) = journal.dead_letters()
    assert journal.put_back(letter.seq, letter.handler, clock.now())
    bus.run()
    assert len(handler.called_at) == 2
    assert journal.dead_letters() == []


def test_state_that_does_not_follow_what_is_kept_is_refused_whole(journal: Journal) -> None:
    bus, later = new_bus(journal), list[BaseEvent]()

    def skip(_event: BaseEvent, handling: Handling) -> None:
        handling.publish(AccountDataRequested)
        handling.keep(WorkflowRecord("run-1", "begun", "{}", "paper", "2016-03-01", NOW, NOW, sequence=2))

    bus.subscribe(SignalsRequested, skip, name="skips")
    bus.subscribe(AccountDataRequested, lambda got, _h: later.append(got), name="later")
    bus.publish(request("e-1"))
    assert later == []
    assert journal.workflow("run-1") is None
    assert [letter.failure.error_type for letter in journal.dead_letters()] == ["SettlementRefused"]


def test_the_deadline_ends_the_wait_for_what_is_due_later(journal: Journal) -> None:
    clock = SimulatedClock(NOW)
    bus = new_bus(journal, clock=clock)
    bus.subscribe(SignalsRequested, Failing(clock, 0), name="calm")
    bus.publish(request("e-1"), due=NOW + timedelta(hours=1))
    deadline = NOW + timedelta(minutes=10)
    assert bus.run_until(lambda: False, deadline=deadline) is RunEnd.DEADLINE
    assert clock.now() == deadline


def test_a_handler_tests_without_a_bus() -> None:
    def handle(_event: SignalsRequested, handling: Handling) -> None:
        handling.publish(AccountDataRequested)

    present = request("e-1")
    ids = CountingIds(lambda: "alone")
    handling = Handling(present, clock=SimulatedClock(NOW), ids=ids, ledger=MemoryJournal())
    handle(present, handling)
    assert [(got.event_type, due) for got, due in handling.published] == [("AccountDataRequested", None)]
