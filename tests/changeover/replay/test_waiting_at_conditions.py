"""A replayed path that waits is woken up whenever somebody notifies, also just as the toolkit looks up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Queue
from threading import Barrier, Condition, Event, Lock, Semaphore, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.replay.path_stops import LOOK_S

Shape = Callable[[], Any]


@contextmanager
def given_late(condition: Condition, give: Callable[[], Any]) -> Iterator[None]:
    """Somebody takes the lock while the path waits, and gives only when a step of the wait is over."""

    def work() -> None:
        while not condition._waiters:  # type: ignore[attr-defined]
            sleep(0.001)
        with condition:
            sleep(1.6 * LOOK_S)
            give()

    thread = Thread(target=work)
    thread.start()
    yield
    thread.join()


def at_a_condition() -> Any:
    condition = Condition()
    with given_late(condition, condition.notify_all), condition:
        return condition.wait()


def at_a_condition_on_a_lock() -> Any:
    condition = Condition(Lock())
    with given_late(condition, condition.notify), condition:
        return condition.wait()


def for_a_while() -> Any:
    condition = Condition()
    with given_late(condition, condition.notify), condition:
        return condition.wait(3.0)


def for_what_holds() -> Any:
    condition, found = Condition(), list[int]()

    def give() -> None:
        found.append(1)
        condition.notify()

    with given_late(condition, give), condition:
        return condition.wait_for(lambda: found)


def for_a_future() -> Any:
    future: Future[int] = Future()
    with given_late(future._condition, lambda: future.set_result(7)):
        return future.result()


def for_an_error_of_a_future() -> Any:
    future: Future[int] = Future()
    with given_late(future._condition, lambda: future.set_exception(ValueError("late"))):
        return str(future.exception(timeout=3.0))


def for_an_event() -> Any:
    event = Event()

    def give() -> None:
        event._flag = True  # type: ignore[attr-defined]  # as `set` does, which takes the lock itself
        event._cond.notify_all()  # type: ignore[attr-defined]

    with given_late(event._cond, give):  # type: ignore[attr-defined]
        return event.wait()


def for_a_queue() -> Any:
    queue: Queue[int] = Queue()

    def give() -> None:
        queue.queue.append(3)
        queue.not_empty.notify()

    with given_late(queue.not_empty, give):
        return queue.get()


def for_a_semaphore() -> Any:
    semaphore = Semaphore(0)

    def give() -> None:
        semaphore._value += 1
        semaphore._cond.notify()  # type: ignore[attr-defined]

    with given_late(semaphore._cond, give):  # type: ignore[attr-defined]
        return semaphore.acquire()


def at_a_barrier() -> Any:
    barrier = Barrier(2)
    other = Thread(target=barrier.wait)
    other.start()
    barrier.wait()
    other.join()
    return barrier.n_waiting


SHAPES = [
    *(at_a_condition, at_a_condition_on_a_lock, for_a_while, for_what_holds, for_a_future),
    *(for_an_error_of_a_future, for_an_event, for_a_queue, for_a_semaphore, at_a_barrier),
]


def judged(shape: Shape, *, stage: str, mode: str, is_async: bool) -> Run:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, mode=mode, sink=runs.append)
    if is_async:

        async def awaited() -> Any:
            return await asyncio.to_thread(shape)

        async def again() -> Any:
            return await asyncio.to_thread(shape)

        asyncio.run(migration.seam("s", legacy=awaited, candidate=again)())
    else:
        migration.seam("s", legacy=lambda: shape(), candidate=lambda: shape())()
    migration.flush()
    return runs[-1]


@pytest.mark.parametrize(
    ("stage", "mode", "is_async"),
    [
        ("shadow", "inline", False),
        ("live", "inline", False),
        ("shadow", "background", False),
        ("shadow", "inline", True),
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_code_is_the_same_whenever_it_is_woken_up(
    shape: Shape, stage: str, mode: str, is_async: bool
) -> None:
    began = monotonic()
    run = judged(shape, stage=stage, mode=mode, is_async=is_async)
    assert run.verdict != "failed", run.reason
    assert not run.divergences
    assert monotonic() - began < 4.0


@pytest.mark.parametrize("timeout", [0, 0.02, 3 * LOOK_S, -1])
def test_a_wait_that_nobody_ends_ends_by_itself_and_leaves_nobody_waiting(timeout: float) -> None:
    def wait() -> Any:
        condition = Condition()
        with condition:
            first = condition.wait(timeout)
            condition.notify()
            return first, len(condition._waiters)  # type: ignore[attr-defined]

    run = judged(wait, stage="shadow", mode="inline", is_async=False)
    assert run.verdict != "failed", run.reason
    assert not run.divergences
    assert run.candidate is not None
    assert run.candidate.outcome == run.legacy.outcome  # type: ignore[union-attr]


def test_a_wait_without_the_lock_is_an_error_as_ever() -> None:
    def wait() -> Any:
        with pytest.raises(RuntimeError, match="un-acquired lock"):
            Condition().wait()

    assert judged(wait, stage="shadow", mode="inline", is_async=False).verdict != "failed"
