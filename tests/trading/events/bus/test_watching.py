"""A bus tells its watcher what happens on it, and goes on as it would."""

from typing import Any

import pytest

from tests.trading.support.event_samples import ask_for_account, ignore, new_bus, request
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.bus.retry import RetryPolicy
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.messages.workflow import WorkflowStepFailed


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def published(self, event: BaseEvent) -> None:
        self.lines.append(f"published {event.event_type}")

    def delivered(self, event: BaseEvent, handler: str, *, again: bool = False) -> None:
        self.lines.append(f"delivered {event.event_type} {handler}{' again' if again else ''}")

    def handled(self, event: BaseEvent, handler: str, error: BaseException | None = None) -> None:
        self.lines.append(f"{'handled' if error is None else 'failed'} {event.event_type} {handler}")


ONE_REQUEST = [
    "published SignalsRequested",
    "delivered SignalsRequested ask",
    "handled SignalsRequested ask",
    "delivered SignalsRequested look",
    "handled SignalsRequested look",
    "published AccountDataRequested",
    "delivered AccountDataRequested account",
    "handled AccountDataRequested account",
]


def subscribed(bus: EventBus) -> EventBus:
    bus.subscribe(SignalsRequested, ask_for_account, name="ask")
    bus.subscribe(SignalsRequested, ignore, name="look")
    bus.subscribe(AccountDataRequested, ignore, name="account")
    return bus


@pytest.mark.parametrize("journal", [None, MemoryJournal()], ids=["quick", "with a journal"])
def test_a_watcher_is_told_of_publication_delivery_and_handling(journal: Any) -> None:
    bus, told = subscribed(new_bus(journal)), Told()
    bus.watch(told)
    bus.watch(told)
    bus.publish(request("e-1"))
    assert sorted(told.lines) == sorted(ONE_REQUEST)
    assert [line for line in told.lines if line.startswith("published")] == [
        "published SignalsRequested",
        "published AccountDataRequested",
    ]


def test_a_bus_can_be_watched_when_it_has_been_used() -> None:
    bus, told = subscribed(new_bus()), Told()
    bus.publish(request("e-1"))
    bus.watch(told)
    bus.publish(request("e-2"))
    assert len(told.lines) == len(ONE_REQUEST)


def test_what_is_published_again_is_told_once() -> None:
    bus, told = subscribed(new_bus(MemoryJournal())), Told()
    bus.watch(told)
    bus.publish(request("e-1"))
    bus.publish(request("e-1"))
    assert sorted(told.lines) == sorted(ONE_REQUEST)


def test_a_repeat_after_a_failure_is_told_as_one() -> None:
    bus, told = new_bus(MemoryJournal(), retry=RetryPolicy(attempts_max=2)), Told()
    attempts: list[int] = []

    def fail_once(_event: BaseEvent, _handling: Handling) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError

    bus.subscribe(SignalsRequested, fail_once, name="flaky")
    bus.subscribe(WorkflowStepFailed, ignore, name="failed")
    bus.watch(told)
    bus.publish(request("e-1"))
    bus.run_until(lambda: len(attempts) == 2)
    assert told.lines == [
        "published SignalsRequested",
        "delivered SignalsRequested flaky",
        "failed SignalsRequested flaky",
        "delivered SignalsRequested flaky again",
        "handled SignalsRequested flaky",
    ]


def test_a_bus_has_one_watcher() -> None:
    bus = subscribed(new_bus())
    bus.watch(Told())
    with pytest.raises(ValueError, match="another one"):
        bus.watch(Told())
