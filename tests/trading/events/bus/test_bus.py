import logging
from collections.abc import Callable
from datetime import timedelta

import structlog

from tests.trading.support.event_samples import (
    NOW,
    SESSION,
    Recorder,
    ask_for_account,
    event,
    ignore,
    new_bus,
    quiet_log,
    request,
)
from trading.clock import SimulatedClock
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import CausationBroken, Handling
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested, PortfolioAnalysisRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.messages.workflow import WorkflowStepFailed
from trading.ids import CountingIds


def noting(seen: list[str], name: str) -> Callable[[BaseEvent, Handling], None]:
    return lambda _event, _handling: seen.append(name)


def test_what_a_handler_publishes_comes_after_all_handlers_of_the_present_event() -> None:
    bus, seen = new_bus(), []

    def first(got: SignalsRequested, handling: Handling) -> None:
        seen.append("first begins")
        handling.publish(AccountDataRequested)
        seen.append("first ends")

    bus.subscribe(SignalsRequested, first, name="first")
    bus.subscribe(SignalsRequested, lambda _e, _h: seen.append("second"), name="second")
    bus.subscribe(AccountDataRequested, lambda _e, _h: seen.append("account"), name="account")
    bus.publish(request("e-1"))
    assert seen == ["first begins", "first ends", "second", "account"]


def test_observers_see_the_order_of_publication() -> None:
    bus, seen = new_bus(), []
    bus.observe(lambda got: seen.append(got.event_type))

    def fan_out(_event: BaseEvent, handling: Handling) -> None:
        handling.publish(AccountDataRequested)
        handling.publish(PortfolioAnalysisRequested, trigger_event_id="e-1", target_allocations={})

    def deeper(_event: BaseEvent, handling: Handling) -> None:
        handling.publish(WorkflowStepFailed, step="x", error_type="X", message="", retryable=False)

    bus.subscribe(SignalsRequested, fan_out, name="fan-out")
    bus.subscribe(AccountDataRequested, deeper, name="deeper")
    bus.publish(request("e-1"))
    assert seen == [
        "SignalsRequested", "AccountDataRequested", "PortfolioAnalysisRequested", "WorkflowStepFailed",
    ]  # fmt: skip


def test_a_base_class_subscribes_to_all_below_it() -> None:
    bus, everything = new_bus(), Recorder()
    bus.subscribe(BaseEvent, everything, name="everything")
    bus.publish(request("e-1"))
    bus.publish(event(AccountDataRequested, "e-2"))
    assert [got.event_id for got in everything.got] == ["e-1", "e-2"]


def test_handlers_are_called_in_the_order_of_subscription() -> None:
    bus, seen = new_bus(), list[str]()
    for name in ("one", "two", "three"):
        bus.subscribe(SignalsRequested, noting(seen, name), name=name)
    bus.publish(request("e-1"))
    assert seen == ["one", "two", "three"]


def test_an_event_that_comes_twice_is_handled_once() -> None:
    bus, recorder = new_bus(), Recorder()
    bus.subscribe(SignalsRequested, recorder, name="recorder")
    assert [bus.publish(request("e-1")), bus.publish(request("e-1"))] == [True, False]
    assert len(recorder.got) == 1
    assert bus.metrics().types["SignalsRequested"].duplicates == 1


def test_published_events_inherit_the_run_and_name_their_cause() -> None:
    bus, recorder = new_bus(), Recorder()
    bus.subscribe(SignalsRequested, ask_for_account, name="asks")
    bus.subscribe(AccountDataRequested, recorder, name="recorder")
    bus.publish(request("e-1", run="run-7"))
    (asked,) = recorder.got
    assert (asked.correlation_id, asked.causation_id) == ("run-7", "e-1")
    assert (asked.source_module, asked.source_component) == (ask_for_account.__module__, "asks")


def test_emitting_on_the_bus_during_a_handling_inherits_just_the_same() -> None:
    bus, recorder = new_bus(), Recorder()

    def emit(_event: BaseEvent, _handling: Handling) -> None:
        bus.emit(AccountDataRequested)

    bus.subscribe(SignalsRequested, emit, name="asks")
    bus.subscribe(AccountDataRequested, recorder, name="recorder")
    bus.publish(request("e-1", run="run-7"))
    assert [(got.correlation_id, got.causation_id) for got in recorder.got] == [("run-7", "e-1")]


def test_emitting_outside_of_any_handling_begins_a_run() -> None:
    bus = new_bus()
    root = bus.emit(SignalsRequested, source_module="app", source_component="entry", as_of=SESSION)
    assert root.causation_id is None
    assert root.correlation_id.startswith("workflow-")


def test_an_event_that_tells_another_cause_is_a_failure_of_its_handler() -> None:
    bus, failures = new_bus(), Recorder()

    def lie(_event: BaseEvent, _handling: Handling) -> None:
        bus.publish(request("e-2"))

    bus.subscribe(SignalsRequested, lie, name="liar")
    bus.subscribe(WorkflowStepFailed, failures, name="failures")
    bus.publish(request("e-1"))
    bus.run_until(lambda: bool(failures.got))
    (failed,) = failures.got
    assert isinstance(failed, WorkflowStepFailed)
    assert failed.error_type == CausationBroken.__name__


def test_a_failing_handler_does_not_stop_the_others() -> None:
    bus, recorder = new_bus(), Recorder()

    def fail(_event: BaseEvent, _handling: Handling) -> None:
        raise OSError("out of order")

    bus.subscribe(SignalsRequested, fail, name="fails")
    bus.subscribe(SignalsRequested, recorder, name="recorder")
    bus.publish(request("e-1"))
    assert len(recorder.got) == 1


def test_what_a_failing_handler_published_is_not_delivered() -> None:
    bus, recorder = new_bus(), Recorder()

    def publish_and_fail(_event: BaseEvent, handling: Handling) -> None:
        handling.publish(AccountDataRequested)
        raise OSError("out of order")

    bus.subscribe(SignalsRequested, publish_and_fail, name="fails")
    bus.subscribe(AccountDataRequested, recorder, name="recorder")
    bus.publish(request("e-1"))
    bus.run_until(lambda: False)
    assert recorder.got == []


def test_counts_are_kept_per_type_and_handler() -> None:
    ticks = iter(range(100))
    bus = EventBus(
        clock=SimulatedClock(NOW),
        ids=CountingIds(lambda: "bus"),
        log=quiet_log(),
        timer=lambda: float(next(ticks)),
    )
    bus.subscribe(BaseEvent, ignore, name="everything")
    bus.publish(request("e-1"))
    bus.publish(event(AccountDataRequested, "e-2"))
    metrics = bus.metrics()
    assert metrics.types["SignalsRequested"].published == 1
    counts = metrics.handlers["AccountDataRequested", "everything"]
    assert (counts.delivered, counts.failed, counts.seconds) == (1, 0, 1.0)


def test_delivery_by_time_follows_due_times_and_not_publication() -> None:
    clock = SimulatedClock(NOW)
    bus, recorder = new_bus(clock=clock), Recorder()
    bus.subscribe(SignalsRequested, recorder, name="recorder")
    bus.publish(request("late"), due=NOW + timedelta(seconds=20))
    bus.publish(request("soon"), due=NOW + timedelta(seconds=10))
    bus.run()
    assert recorder.got == []
    bus.run_until(lambda: len(recorder.got) == 2)
    assert [got.event_id for got in recorder.got] == ["soon", "late"]
    assert clock.now() == NOW + timedelta(seconds=20)


def test_the_log_says_what_is_delivered_only_where_somebody_reads_it() -> None:
    for level, lines in ((logging.DEBUG, 1), (logging.INFO, 0)):
        captured = structlog.testing.LogCapture()
        log = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[captured],
            wrapper_class=structlog.make_filtering_bound_logger(level),
        ).bind()
        bus = EventBus(clock=SimulatedClock(NOW), ids=CountingIds(lambda: "bus"), log=log)
        bus.publish(request("e-1", run="run-7"))
        assert len(captured.entries) == lines
        assert all(entry["correlation_id"] == "run-7" for entry in captured.entries)
