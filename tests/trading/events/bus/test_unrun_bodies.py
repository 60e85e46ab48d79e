"""A handler or an observer whose body nobody would run is refused; none is counted as having handled."""

import asyncio
import functools
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any, cast

import pytest

from tests.trading.support.event_samples import Recorder, new_bus, request
from trading.events.bus.bus import EventBus
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.signals import SignalsRequested
from trading.events.messages.workflow import WorkflowStepFailed


async def coroutine(*_: object) -> None:
    raise AssertionError("nobody runs this")


def generator(*_: object) -> Iterator[None]:
    yield


async def asynchronous_generator(*_: object) -> AsyncIterator[None]:
    yield


class Awaited:
    async def __call__(self, *_: object) -> None:
        """Never run."""

    async def method(self, *_: object) -> None:
        """Never run."""

    def generating(self, *_: object) -> Iterator[None]:
        yield

    @classmethod
    async def of_the_class(cls, *_: object) -> None:
        """Never run."""

    @staticmethod
    async def of_nobody(*_: object) -> None:
        """Never run."""


@contextmanager
def manager(*_: object) -> Iterator[None]:
    yield


@asynccontextmanager
async def asynchronous_manager(*_: object) -> AsyncIterator[None]:
    yield


UNRUN: dict[str, Callable[..., Any]] = {
    "a coroutine function": coroutine,
    "a generator function": generator,
    "an asynchronous generator function": asynchronous_generator,
    "a context manager": manager,
    "an asynchronous context manager": asynchronous_manager,
    "a partial of a context manager": functools.partial(manager, 1),
    "a partial": functools.partial(coroutine, 1),
    "a partial of a partial": functools.partial(functools.partial(generator, 1), 2),
    "a callable object": Awaited(),
    "a partial of a callable object": functools.partial(Awaited(), 1),
    "a bound method": Awaited().method,
    "a bound generator method": Awaited().generating,
    "a class method": Awaited.of_the_class,
    "a static method": Awaited().of_nobody,
    "a partial of a bound method": functools.partial(Awaited().method, 1),
}


def subscribe(bus: EventBus, call: Callable[..., Any]) -> None:
    bus.subscribe(SignalsRequested, call, name="mine")


def finish_leftovers(bus: EventBus, call: Callable[..., Any]) -> None:
    bus.finish_leftovers(SignalsRequested, call, name="mine")


@pytest.mark.parametrize("register", [subscribe, finish_leftovers, EventBus.observe])
@pytest.mark.parametrize("call", UNRUN.values(), ids=UNRUN.keys())
def test_what_would_never_run_is_refused_where_it_is_registered(
    register: Callable[[EventBus, Callable[..., Any]], None], call: Callable[..., Any]
) -> None:
    with pytest.raises(TypeError, match="would never run; write a plain function"):
        register(new_bus(), call)


class Given:
    """Something to be awaited that is no coroutine."""

    def __await__(self) -> Iterator[None]:
        yield


class Done:
    def method(self) -> None:
        """Nothing."""


def decorated(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(*got: object) -> object:
        return call(*got)

    return wrapper


HIDDEN: dict[str, Callable[..., Any]] = {
    "a lambda around a coroutine function": lambda *got: coroutine(*got),
    "a decorated coroutine function": decorated(coroutine),
    "a lambda around a generator function": lambda *got: generator(*got),
    "a lambda around an asynchronous generator": lambda *got: asynchronous_generator(*got),
    "something to be awaited": lambda *_: Given(),
    "a context manager that nobody enters": decorated(manager),
    "an asynchronous context manager that nobody enters": decorated(asynchronous_manager),
    "a function that nobody calls": lambda *_: decorated,
    "a method that nobody calls": lambda *_: Done().method,
    "a partial that nobody calls": lambda *_: functools.partial(print, 1),
    "a map that nobody reads": lambda *got: map(print, got),
    "a filter that nobody reads": lambda *got: filter(print, got),
    "a future of a pool that nobody waits for": lambda *_: Future(),
}


@pytest.mark.parametrize("with_journal", [False, True])
@pytest.mark.parametrize("call", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_gives_back_its_work_instead_of_doing_it_has_failed(
    call: Callable[..., Any], with_journal: bool
) -> None:
    bus, failures = new_bus(MemoryJournal() if with_journal else None), Recorder()
    bus.subscribe(SignalsRequested, call, name="hidden")
    bus.subscribe(WorkflowStepFailed, failures, name="failures")
    bus.publish(request("e-1"))
    (failed,) = failures.got
    assert isinstance(failed, WorkflowStepFailed)
    assert (failed.step, failed.error_type, failed.retryable) == ("hidden", "BodyNeverRan", False)
    assert bus.metrics().handlers["SignalsRequested", "hidden"].delivered == 0


@pytest.mark.parametrize("call", HIDDEN.values(), ids=HIDDEN.keys())
def test_an_observer_that_gives_back_its_work_is_counted_as_failed(call: Callable[..., Any]) -> None:
    bus = new_bus()
    bus.observe(call)
    bus.publish(request("e-1"))
    assert bus.metrics().observer_failures == 1


def test_a_plain_function_may_run_a_coroutine_function_itself() -> None:
    bus, seen = new_bus(), []

    async def note(event_id: str) -> None:
        seen.append(event_id)

    bus.subscribe(SignalsRequested, lambda got, _: asyncio.run(note(got.event_id)), name="runs it")
    bus.publish(request("e-1"))
    assert seen == ["e-1"]


def test_what_a_handler_returns_otherwise_is_nobody_s_business() -> None:
    bus = new_bus()
    answer: Callable[..., Any] = lambda *_: ["done"]  # noqa: E731  (typed so that mypy lets it return)
    bus.subscribe(SignalsRequested, answer, name="answers")
    bus.publish(request("e-1"))
    assert bus.metrics().handlers["SignalsRequested", "answers"].delivered == 1


@pytest.mark.parametrize(
    "given", [None, 0, True, "", [], {}, 1.5, Done()], ids=lambda given: type(given).__name__
)
def test_what_a_handler_gives_back_after_its_work_is_nobodys_business(given: object) -> None:
    bus, got = new_bus(), []

    def handle(event: SignalsRequested, *_: object) -> object:
        got.append(event)
        return given

    subscribe(bus, handle)
    bus.publish(request("e-1"))
    assert len(got) == bus.metrics().handlers["SignalsRequested", "mine"].delivered == 1


def test_a_cursor_or_a_connection_that_a_handler_gives_back_is_work_that_was_done() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        bus = new_bus()
        subscribe(bus, lambda *_: database.execute("CREATE TABLE told (name)"))
        bus.subscribe(SignalsRequested, cast(Callable[..., None], lambda *_: database), name="yours")
        bus.publish(request("e-1"))
        assert [metrics.delivered for metrics in bus.metrics().handlers.values()] == [1, 1]
        assert database.execute("SELECT * FROM told").fetchall() == []
