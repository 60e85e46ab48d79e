"""What carrying one event costs: the floor, this bus, its peers; with and without building the event.

Compare within one run and group. Every round publishes prepared events with fresh ids, few enough to be in
the processor's cache, as an event is that was built a moment ago. The peers check no duplicates, count
nothing, isolate no handler and know no base classes; bubus is asynchronous and awaited.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import pytest
import structlog
from pytest_benchmark.fixture import BenchmarkFixture

from trading.clock import SimulatedClock
from trading.events.bus.bus import EventBus
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.portfolio import AccountDataRequested
from trading.ids import RandomIds

NOW = datetime(2016, 3, 1, tzinfo=UTC)
EVENTS = 1000
ROUNDS = 60

Publish = Callable[[AccountDataRequested], object]


def build(number: int) -> AccountDataRequested:
    return AccountDataRequested(
        event_id=f"event-{number:012}",
        correlation_id="run-1",
        causation_id=None,
        timestamp=NOW,
        source_module="benchmarks",
        source_component="bus",
    )


def receive(_event: object) -> None:
    pass


def handle(_event: object, _handling: object) -> None:
    pass


def new_bus(journal: MemoryJournal | None = None) -> EventBus:
    log = structlog.wrap_logger(
        structlog.ReturnLogger(), wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
    ).bind()
    bus = EventBus(clock=SimulatedClock(NOW), ids=RandomIds(), journal=journal, log=log)
    bus.subscribe(AccountDataRequested, handle, name="handler")
    return bus


def floor() -> Publish:
    handlers = {AccountDataRequested: (receive,)}

    def publish(event: AccountDataRequested) -> None:
        for handler in handlers[event.__class__]:
            handler(event)

    return publish


def measure(benchmark: BenchmarkFixture, publish: Publish, numbers: Iterator[int]) -> None:
    def prepare() -> tuple[tuple[list[AccountDataRequested]], dict[str, Any]]:
        return ([build(next(numbers)) for _ in range(EVENTS)],), {}

    def publish_all(events: list[AccountDataRequested]) -> None:
        for event in events:
            publish(event)

    benchmark.pedantic(publish_all, setup=prepare, rounds=ROUNDS, warmup_rounds=3)  # type: ignore[no-untyped-call]


@pytest.mark.benchmark(group="publish 1000 prepared events to one handler")
class TestPublish:
    def test_floor(self, benchmark: BenchmarkFixture) -> None:
        measure(benchmark, floor(), count())

    def test_ours(self, benchmark: BenchmarkFixture) -> None:
        measure(benchmark, new_bus().publish, count())

    def test_ours_with_a_journal_in_memory(self, benchmark: BenchmarkFixture) -> None:
        measure(benchmark, new_bus(MemoryJournal()).publish, count())

    def test_pyee(self, benchmark: BenchmarkFixture) -> None:
        emitter = pytest.importorskip("pyee").EventEmitter()
        emitter.on("event", receive)
        measure(benchmark, partial(emitter.emit, "event"), count())

    def test_blinker(self, benchmark: BenchmarkFixture) -> None:
        signal = pytest.importorskip("blinker").Signal()
        signal.connect(receive)
        measure(benchmark, signal.send, count())


@pytest.mark.benchmark(group="publish 1000 prepared events, by what was published before")
class TestHistory:
    @pytest.mark.parametrize("before", [1_000, 1_000_000])
    def test_ours(self, benchmark: BenchmarkFixture, before: int) -> None:
        bus, template = new_bus(), build(0)
        fields = dict(template)
        for number in range(before):
            fields["event_id"] = f"event-{number:012}"
            bus.publish(AccountDataRequested.model_construct(**fields))
        measure(benchmark, bus.publish, count(before))


@pytest.mark.benchmark(group="build and publish one event to one handler")
class TestBuildAndPublish:
    def test_build_alone(self, benchmark: BenchmarkFixture) -> None:
        benchmark(build, 1)

    def test_ours(self, benchmark: BenchmarkFixture) -> None:
        bus, numbers = new_bus(), count()
        benchmark(lambda: bus.publish(build(next(numbers))))

    def test_bubus(self, benchmark: BenchmarkFixture) -> None:
        bubus = pytest.importorskip("bubus")
        loop = asyncio.new_event_loop()

        class Asked(bubus.BaseEvent):  # type: ignore[misc,name-defined]
            account: str = "paper"

        async def start() -> Any:
            bus = bubus.EventBus(name="peer")
            bus.on(Asked, receive_and_return)
            return bus

        def receive_and_return(_event: object) -> None:
            pass

        bus = loop.run_until_complete(start())

        async def publish_ten() -> None:
            for _ in range(10):
                await bus.dispatch(Asked())

        benchmark.extra_info["events per round"] = 10
        benchmark.pedantic(lambda: loop.run_until_complete(publish_ten()), rounds=20, warmup_rounds=2)  # type: ignore[no-untyped-call]
        loop.run_until_complete(bus.stop())
        loop.close()
