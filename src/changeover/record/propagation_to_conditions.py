"""Whom a path wakes up: a thread or task of the program that waits for an event, or at a condition.

What it finds then it has from the path, by a list or an attribute that both know:

    self.waiting.append(event)
    self.come.set()            a worker of the program goes on
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from changeover.record.program_workers import Between, Waits, give
from changeover.record.propagated_function import replace_function, run_to_carry

_BETWEEN = Between(
    frozenset(
        {__name__, "threading", "asyncio.locks", "queue", "asyncio.queues", "concurrent.futures._base"}
    ),
    own=("Semaphore.", "BoundedSemaphore.", "Barrier.", "Thread.", "Queue."),
)
"""Semaphores and barriers let others go on in turn, and queues are looked at where they are filled."""
_TASK, _THREAD = (f"a {who} of the program is woken up by the path: it waits" for who in ("task", "thread"))


def carry_conditions(threading: Any) -> None:
    """Conditions of threads, and events: both are left as they are where the path may wake nobody up."""

    def waiting(original: Any) -> Callable[..., Any]:
        def wait(self: Any, timeout: float | None = None) -> Any:
            with Waits(self):
                return original(self, timeout)

        return wait

    def notifying(original: Any) -> Callable[..., Any]:
        def notify(self: Any, n: int = 1) -> Any:
            _look_at_threads(self, "at a condition")
            return original(self, n)

        return notify

    def setting(original: Any) -> Callable[..., Any]:
        def set_(self: Any) -> Any:
            _look_at_threads(getattr(self, "_cond", None), "for an event")
            return original(self)

        return set_

    replace_function(threading.Condition, "wait", waiting)
    replace_function(threading.Condition, "notify", notifying)
    with suppress(TypeError):  # the event of another library (gevent) stands there, in C
        replace_function(threading.Event, "set", setting)


def carry_futures(base: Any) -> None:
    """Futures that somebody waits for."""

    def ending(original: Any) -> Callable[..., Any]:
        def end(self: Any, given: Any) -> Any:
            _look_at_threads(self._condition, "for a future")
            return original(self, given)

        return end

    replace_function(base.Future, "set_result", ending)
    replace_function(base.Future, "set_exception", ending)


def _look_at_threads(condition: Any, where: str) -> None:
    session = run_to_carry()
    waiters = getattr(condition, "_waiters", None)
    if session is not None and waiters is not None:
        give(session, condition, len(waiters), f"{_THREAD} {where}", _BETWEEN, keeps=False)


def carry_async_conditions(locks: Any) -> None:
    """Events and conditions of tasks."""

    def waiting(original: Any) -> Callable[..., Any]:
        async def wait(self: Any) -> Any:
            with Waits(self):
                return await original(self)

        return wait

    def setting(original: Any) -> Callable[..., Any]:
        def set_(self: Any) -> Any:
            _look_at_tasks(self, "for an event")
            return original(self)

        return set_

    def notifying(original: Any) -> Callable[..., Any]:
        def notify(self: Any, n: int = 1) -> Any:
            _look_at_tasks(self, "at a condition")
            return original(self, n)

        return notify

    replace_function(locks.Event, "wait", waiting)
    replace_function(locks.Event, "set", setting)
    replace_function(locks.Condition, "wait", waiting)
    replace_function(locks.Condition, "notify", notifying)


def _look_at_tasks(place: Any, where: str) -> None:
    session = run_to_carry()
    if session is not None:
        waiting = sum(not one.done() for one in place._waiters)
        give(session, place, waiting, f"{_TASK} {where}", _BETWEEN, keeps=False)
