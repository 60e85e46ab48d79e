"""A bus tells its watcher what happens on it, and goes on as it would."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass
class AsUsual:
    place: int = 0
    twice: bool = False
    restart: bool = False


class Told:
    """Hears everything; with turns it decides, one after the other, else the bus does."""

    def __init__(self, turns: list[AsUsual] | None = None) -> None:
        self.lines: list[str] = []
        self.turns = turns
        self.waited: list[list[str]] = []

    @property
    def schedules(self) -> bool:
        return self.turns is not None

    def turn(self, waiting: Sequence[tuple[BaseEvent, str]], *, can_restart: bool = False) -> AsUsual:
        self.waited.append([handler for _, handler in waiting])
        turn = self.turns.pop(0) if self.turns else AsUsual()
        return AsUsual(turn.place, turn.twice, turn.restart and can_restart)

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


@pytest.mark.parametrize("journal", [None, MemoryJournal()], ids=["quick", "with a journal"])
def test_a_watcher_decides_about_the_order_of_deliveries(journal: Any) -> None:
    bus, told = subscribed(new_bus(journal)), Told([AsUsual(place=1)])
    seen: list[str] = []
    bus.observe(lambda event: seen.append(event.event_type))
    bus.watch(told)
    bus.publish(request("e-1"))
    assert told.waited == [["ask", "look"], ["ask"], ["account"]]
    assert [line.split()[-1] for line in told.lines if line.startswith("delivered")] == [
        "look",
        "ask",
        "account",
    ]
    assert seen == ["SignalsRequested", "AccountDataRequested"]  # each once, however it is delivered


def test_what_the_transport_repeats_is_known_to_the_inbox() -> None:
    bus, told = subscribed(new_bus(MemoryJournal())), Told([AsUsual(twice=True)])
    bus.watch(told)
    bus.publish(request("e-1"))
    assert sum(line.startswith("delivered") for line in told.lines) == 3
    assert bus.metrics().types["SignalsRequested"].duplicates == 1


def test_a_restart_between_two_deliveries_goes_on_from_the_journal() -> None:
    bus, told = subscribed(new_bus(MemoryJournal())), Told([AsUsual(), AsUsual(restart=True)])
    bus.watch(told)
    bus.publish(request("e-1"))
    assert [line for line in told.lines if line.startswith("delivered")] == [
        "delivered SignalsRequested ask",
        "delivered SignalsRequested look again",
        "delivered AccountDataRequested account again",
    ]
    assert told.waited[1] == told.waited[2] == ["look", "account"]


def test_a_bus_without_a_journal_cannot_restart() -> None:
    bus, told = subscribed(new_bus()), Told([AsUsual(restart=True)])
    bus.watch(told)
    bus.publish(request("e-1"))
    assert len(told.lines) == len(ONE_REQUEST)
