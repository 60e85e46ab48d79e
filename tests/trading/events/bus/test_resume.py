import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from tests.trading.support.event_samples import NOW, Recorder, new_bus, quiet_log, request
from trading.clock import SimulatedClock
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.journal.port import Journal, Ledger
from trading.events.journal.records import DamagedDelivery, Delivery, Outgoing, Settlement, WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested, PortfolioAnalysisRequested
from trading.events.messages.signals import SignalsRequested
from trading.ids import RandomIds

T = TypeVar("T")

STEPS = 9  # commits of the run below: one append, eight handlings


class Crash(BaseException):
    """The process ends here."""


class CrashingLedger:
    """A journal whose process ends at the n-th commit, just before or just after it."""

    def __init__(self, kept: Ledger, at: int, *, after: bool) -> None:
        self._kept = kept
        self._left = at
        self._after = after

    def claim(self) -> None:
        self._kept.claim()

    def append(self, outgoing: Outgoing, at: datetime) -> int | None:
        return self._crashing(lambda: self._kept.append(outgoing, at))

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        return self._crashing(lambda: self._kept.settle(settlement))

    def undelivered(self) -> Sequence[Delivery | DamagedDelivery]:
        return self._kept.undelivered()

    def due(self, now: datetime) -> Sequence[Delivery | DamagedDelivery]:
        return self._kept.due(now)

    def next_due(self) -> datetime | None:
        return self._kept.next_due()

    def last_number(self) -> int:
        return self._kept.last_number()

    def is_retrying(self, correlation_id: str) -> bool:
        return self._kept.is_retrying(correlation_id)

    def find_event(self, event_id: str) -> BaseEvent | None:
        return self._kept.find_event(event_id)

    def run_events(self, correlation_id: str) -> Sequence[BaseEvent]:
        return self._kept.run_events(correlation_id)

    def events_of_run(self, correlation_id: str) -> int:
        return self._kept.events_of_run(correlation_id)

    def workflow(self, workflow_id: str) -> WorkflowRecord | None:
        return self._kept.workflow(workflow_id)

    def _crashing(self, commit: Callable[[], T]) -> T:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Crash
        answer = commit()
        if self._left == 0:
            raise Crash
        return answer


def note(handling: Handling, name: str) -> None:
    """Add a name to the workflow's list: an effect that would show if it happened twice, or never."""
    record = handling.workflow("run-1")
    if record is None:
        handling.keep(WorkflowRecord("run-1", "going", json.dumps([name]), "paper", "s", NOW, NOW))
    else:
        done = [*json.loads(record.body), name]
        handling.keep(record.advanced(state="going", body=json.dumps(done), at=NOW))


def composed(ledger: Ledger, clock: SimulatedClock) -> EventBus:
    """Two handlers of the root, of which one fails once; each publishes; one event is delayed."""
    bus = EventBus(clock=clock, ids=RandomIds(), journal=ledger, log=quiet_log())
    failed: list[bool] = []

    def first(_event: BaseEvent, handling: Handling) -> None:
        note(handling, "first")
        handling.publish(AccountDataRequested)
        handling.publish(
            PortfolioAnalysisRequested,
            due=clock.now() + timedelta(minutes=1),
            trigger_event_id="e-1",
            target_allocations={},
        )

    def second(_event: BaseEvent, handling: Handling) -> None:
        note(handling, "second")
        handling.publish(AccountDataRequested)

    def account(_event: BaseEvent, handling: Handling) -> None:
        note(handling, "account")

    def analysis(_event: BaseEvent, handling: Handling) -> None:
        note(handling, "analysis")
        if not failed:
            failed.append(True)
            raise OSError("once")

    bus.subscribe(SignalsRequested, first, name="first")
    bus.subscribe(SignalsRequested, second, name="second")
    bus.subscribe(AccountDataRequested, account, name="account")
    bus.subscribe(AccountDataRequested, lambda _e, _h: None, name="looks on")
    bus.subscribe(PortfolioAnalysisRequested, analysis, name="analysis")
    return bus


def effects(journal: Journal) -> list[str]:
    record = journal.workflow("run-1")
    done: list[str] = json.loads(record.body) if record else []
    return done


EXPECTED = ["first", "second", "account", "account", "analysis"]


def test_a_run_without_a_crash_has_the_expected_effects(journal: Journal) -> None:
    bus = composed(journal, SimulatedClock(NOW))
    bus.publish(request("e-1"))
    bus.run_until(lambda: False)
    assert effects(journal) == EXPECTED


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(1, STEPS + 2))
def test_after_a_crash_at_any_commit_every_effect_happens_exactly_once(
    journal: Journal, step: int, after: bool
) -> None:
    clock = SimulatedClock(NOW)
    crashing = CrashingLedger(journal, step, after=after)
    crashed = False
    try:
        bus = composed(crashing, clock)
        bus.publish(request("e-1"))
        bus.run_until(lambda: False)
    except Crash:
        crashed = True
    assert crashed is (step <= STEPS)
    bus = composed(journal, clock)
    bus.publish(request("e-1"))  # whoever asked first asks again: they cannot know
    bus.run_until(lambda: False)
    assert effects(journal) == EXPECTED
    assert journal.undelivered() == []
    assert journal.dead_letters() == []


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_the_same_bus_goes_on_after_an_error_of_its_journal(journal: Journal, step: int) -> None:
    bus = composed(CrashingLedger(journal, step, after=False), SimulatedClock(NOW))

    def work() -> None:
        bus.publish(request("e-1"))
        bus.run_until(lambda: False)

    with pytest.raises(Crash):
        work()
    work()
    assert effects(journal) == EXPECTED


def test_a_handler_that_finishes_leftovers_gets_what_is_pending_under_its_name_and_nothing_new(
    journal: Journal,
) -> None:
    journal.append(Outgoing(request("e-1"), ("earlier",)), NOW)
    current, leftovers = Recorder(), Recorder()
    bus = new_bus(journal)
    bus.subscribe(SignalsRequested, current, name="current")
    bus.finish_leftovers(SignalsRequested, leftovers, name="earlier")
    bus.publish(request("e-2"))
    assert [event.event_id for event in leftovers.got] == ["e-1"]
    assert [event.event_id for event in current.got] == ["e-2"]
    assert journal.dead_letters() == []
