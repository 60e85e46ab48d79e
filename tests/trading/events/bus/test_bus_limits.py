import gc
import tracemalloc

import pytest

from tests.trading.support.event_samples import (
    NOW,
    SESSION,
    Recorder,
    ask_for_account,
    ask_for_signals,
    event,
    ignore,
    new_bus,
    quiet_log,
    request,
)
from trading.clock import SimulatedClock
from trading.events.bus.bus import BusBusy, EventBus, IdTaken
from trading.events.bus.deliveries import QUEUE_LENGTH_MAX
from trading.events.bus.handling import EVENTS_PER_RUN_MAX, Handling, HandlingOver
from trading.events.bus.routes import UnroutedEvents
from trading.events.bus.volatile import RECENT_IDS_MAX
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.messages.workflow import WorkflowStepFailed


def test_a_circle_of_handlers_ends() -> None:
    bus, failures = new_bus(), Recorder()
    seen: list[str] = []
    bus.observe(lambda got: seen.append(got.event_type))
    bus.subscribe(SignalsRequested, ask_for_account, name="there")
    bus.subscribe(AccountDataRequested, ask_for_signals, name="back")
    bus.subscribe(WorkflowStepFailed, failures, name="failures")
    bus.publish(request("e-1"))
    (failed,) = failures.got
    assert isinstance(failed, WorkflowStepFailed)
    assert (failed.error_type, failed.retryable) == ("RunawayRun", False)
    assert len(seen) == EVENTS_PER_RUN_MAX + 2  # the root, what it led to, and the announcement


def test_a_failure_handler_that_feeds_its_own_failures_ends() -> None:
    bus = new_bus()

    def fail(_event: BaseEvent, _handling: Handling) -> None:
        raise OSError("never works")

    bus.subscribe(AccountDataRequested, fail, name="fails")
    bus.subscribe(WorkflowStepFailed, ask_for_account, name="asks again")
    bus.publish(event(AccountDataRequested, "e-1"))
    bus.run_until(lambda: False)
    assert bus.metrics().unannounced >= 1


def test_a_queue_that_grows_too_long_is_a_failure_of_who_filled_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trading.events.bus.deliveries.QUEUE_LENGTH_MAX", 3)
    bus, failures = new_bus(), Recorder()

    def flood(_event: BaseEvent, handling: Handling) -> None:
        for _ in range(4):
            handling.publish(AccountDataRequested)

    bus.subscribe(SignalsRequested, flood, name="floods")
    bus.subscribe(WorkflowStepFailed, failures, name="failures")
    bus.publish(request("e-1"))
    assert [got.error_type for got in failures.got if isinstance(got, WorkflowStepFailed)] == ["QueueFull"]
    assert QUEUE_LENGTH_MAX > 3


def test_what_an_observer_raises_is_counted_and_disturbs_nobody() -> None:
    bus, recorder = new_bus(), Recorder()

    def fall_over(_event: BaseEvent) -> None:
        raise ValueError("I cannot look")

    bus.observe(fall_over)
    bus.subscribe(SignalsRequested, recorder, name="recorder")
    bus.publish(request("e-1"))
    assert len(recorder.got) == 1
    assert bus.metrics().observer_failures == 1


def test_an_observer_cannot_publish() -> None:
    bus = new_bus()
    errors: list[Exception] = []

    def meddle(_event: BaseEvent) -> None:
        try:
            bus.publish(request("e-2"))
        except HandlingOver as error:
            errors.append(error)

    bus.observe(meddle)
    bus.publish(request("e-1"))
    assert len(errors) == 1


def test_a_handling_that_is_kept_is_of_no_use_afterwards() -> None:
    bus = new_bus()
    kept: list[Handling] = []
    bus.subscribe(SignalsRequested, lambda _e, handling: kept.append(handling), name="keeps")
    bus.publish(request("e-1"))
    with pytest.raises(HandlingOver):
        kept[0].publish(AccountDataRequested)


def test_a_type_that_is_published_without_a_consumer_is_named_at_start_up() -> None:
    bus = new_bus()
    bus.observe(lambda _event: None)
    bus.subscribe(BaseEvent, ignore, name="everything")
    bus.subscribe(SignalsRequested, ignore, name="signals")
    with pytest.raises(UnroutedEvents, match=r": AccountDataRequested$"):
        bus.check_routes([SignalsRequested, AccountDataRequested])
    bus.check_routes([SignalsRequested])


def test_a_name_belongs_to_one_handler() -> None:
    bus = new_bus()
    bus.subscribe(SignalsRequested, ignore, name="mine")
    with pytest.raises(ValueError, match="mine: a handler of this name"):
        bus.subscribe(AccountDataRequested, ignore, name="mine")


def test_nobody_subscribes_too_late() -> None:
    bus = new_bus()
    bus.publish(request("e-1"))
    with pytest.raises(ValueError, match="would have missed"):
        bus.subscribe(SignalsRequested, ignore, name="late")


def test_the_loop_is_not_entered_from_inside() -> None:
    bus, errors = new_bus(), []

    def nest(_event: BaseEvent, _handling: Handling) -> None:
        try:
            bus.run()
        except BusBusy as error:
            errors.append(error)

    bus.subscribe(SignalsRequested, nest, name="nests")
    bus.publish(request("e-1"))
    assert len(errors) == 1


def test_an_interrupt_goes_through_and_the_bus_goes_on() -> None:
    bus, recorder = new_bus(), Recorder()

    def interrupt(got: BaseEvent, handling: Handling) -> None:
        handling.publish(AccountDataRequested)
        if got.event_id == "e-1":
            raise KeyboardInterrupt

    bus.subscribe(SignalsRequested, interrupt, name="interrupts")
    bus.subscribe(AccountDataRequested, recorder, name="recorder")
    with pytest.raises(KeyboardInterrupt):
        bus.publish(request("e-1"))
    bus.publish(request("e-2"))
    assert [got.causation_id for got in recorder.got] == ["e-2"]


def test_memory_does_not_grow_with_history() -> None:
    bus = new_bus()
    bus.subscribe(SignalsRequested, ignore, name="ignores")
    template = request("e-0")

    def publish(start: int) -> int:
        for number in range(start, start + 3 * RECENT_IDS_MAX):
            bus.publish(template.model_copy(update={"event_id": f"e-{number:09}"}))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = publish(0)
        after = min(publish(more * 10**6) for more in (1, 2, 3))  # a thread of another test may take some
    finally:
        tracemalloc.stop()
    assert after < before + 50_000


class StuckIds:
    """A source that gives out the same id for ever."""

    def new(self, kind: str) -> str:
        return f"{kind}-1"


def test_an_id_that_is_given_out_twice_loses_no_event_silently() -> None:
    bus = EventBus(clock=SimulatedClock(NOW), ids=StuckIds(), log=quiet_log())
    bus.emit(SignalsRequested, source_module="app", source_component="entry", as_of=SESSION)
    with pytest.raises(IdTaken, match="event-1"):
        bus.emit(SignalsRequested, source_module="app", source_component="entry", as_of=SESSION)
