"""Who looks on takes no event from another, and who publishes in a thread joins no handling of another."""

import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import pytest

from tests.trading.support.event_samples import NOW, SESSION, Recorder, ignore, new_bus, request
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling, OtherThread
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested

EACH = 500


def test_an_observer_that_stops_takes_no_event_from_the_next() -> None:
    bus, seen = new_bus(), []
    bus.subscribe(SignalsRequested, ignore, name="ignores")

    def once(_event: BaseEvent) -> None:
        bus.stop_observing(once)

    bus.observe(once)
    bus.observe(lambda event: seen.append(event.event_id))
    bus.publish(request("e-1"))
    bus.publish(request("e-2"))
    assert seen == ["e-1", "e-2"]


def test_an_observer_that_another_one_stops_sees_no_more() -> None:
    bus = new_bus()
    seen: list[BaseEvent] = []
    bus.subscribe(SignalsRequested, ignore, name="ignores")
    bus.observe(lambda _event: bus.stop_observing(seen.append))
    bus.observe(seen.append)
    bus.publish(request("e-1"))
    assert seen == []


def test_an_observer_that_begins_meanwhile_sees_the_next_event() -> None:
    bus, seen = new_bus(), []
    bus.subscribe(SignalsRequested, ignore, name="ignores")

    def invite(event: BaseEvent) -> None:
        if event.event_id == "e-1":
            bus.observe(lambda event: seen.append(event.event_id))

    bus.observe(invite)
    bus.publish(request("e-1"))
    bus.publish(request("e-2"))
    assert seen == ["e-2"]


def in_a_thread(call: Callable[[], object]) -> list[Exception]:
    """What the call raised in a thread of its own, which has ended."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  (handed to the test)
            raised.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return raised


def publish(bus: EventBus, _handling: Handling) -> None:
    bus.publish(request("e-2", run="run-2"))


def publish_for_later(bus: EventBus, _handling: Handling) -> None:
    bus.publish(request("e-2", run="run-2"), due=NOW)


def emit(bus: EventBus, _handling: Handling) -> None:
    bus.emit(SignalsRequested, source_module="tests", source_component="thread", as_of=SESSION)


def publish_through_the_handling(_bus: EventBus, handling: Handling) -> None:
    handling.publish(AccountDataRequested)


def run(bus: EventBus, _handling: Handling) -> None:
    bus.run()


@pytest.mark.parametrize("with_journal", [False, True], ids=["without a journal", "with a journal"])
@pytest.mark.parametrize("act", [publish, publish_for_later, emit, publish_through_the_handling, run])
def test_a_second_thread_joins_no_handling_of_the_first(
    act: Callable[[EventBus, Handling], None], with_journal: bool
) -> None:
    bus, recorder = new_bus(MemoryJournal() if with_journal else None), Recorder()
    raised: list[Exception] = []

    def use_a_thread(got: BaseEvent, handling: Handling) -> None:
        if got.event_id == "e-1":
            raised.extend(in_a_thread(lambda: act(bus, handling)))

    bus.subscribe(SignalsRequested, use_a_thread, name="uses a thread")
    bus.subscribe(BaseEvent, recorder, name="recorder")
    bus.publish(request("e-1"))
    bus.run()
    assert [type(error) for error in raised] == [OtherThread]
    assert [got.event_id for got in recorder.got] == ["e-1"]


@pytest.mark.parametrize("with_journal", [False, True], ids=["without a journal", "with a journal"])
def test_threads_may_publish_one_after_the_other(with_journal: bool) -> None:
    bus, recorder = new_bus(MemoryJournal() if with_journal else None), Recorder()
    bus.subscribe(SignalsRequested, recorder, name="recorder")
    bus.publish(request("e-1"))
    assert in_a_thread(lambda: bus.publish(request("e-2", run="run-2"))) == []
    bus.publish(request("e-3"))
    assert [got.correlation_id for got in recorder.got] == ["run-1", "run-2", "run-1"]


def test_a_refused_thread_may_publish_when_the_call_of_the_other_has_returned() -> None:
    bus, recorder = new_bus(), Recorder()
    bus.subscribe(AccountDataRequested, recorder, name="recorder")

    def use_a_thread(_event: BaseEvent, _handling: Handling) -> None:
        assert len(in_a_thread(bus.run)) == 1

    bus.subscribe(SignalsRequested, use_a_thread, name="uses a thread")
    bus.publish(request("e-1"))
    bus.emit(AccountDataRequested, source_module="tests", source_component="main")
    assert len(recorder.got) == 1


def test_of_threads_that_publish_all_the_time_each_event_is_handled_once_and_alone() -> None:
    bus, inside, got = new_bus(), list[str](), list[tuple[str, int]]()

    def handle(event: BaseEvent, _handling: Handling) -> None:
        inside.append(event.event_id)
        got.append((event.event_id, len(inside)))
        inside.pop()

    def publish_all(run: str) -> None:
        for number in range(EACH):
            while True:
                with suppress(OtherThread):
                    bus.publish(request(f"{run}-{number}", run=run))
                    break

    bus.subscribe(SignalsRequested, handle, name="handles")
    threads = [Thread(target=publish_all, args=(f"run-{number}",)) for number in range(3)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len({event_id for event_id, _ in got}) == len(got) == 3 * EACH
    assert {together for _, together in got} == {1}
