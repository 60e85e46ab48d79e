"""Whom a path wakes up: a thread or task of the program that waits for an event, or at a condition.

What it finds then it has from the path, by a list or an attribute that both know:

    self.waiting.append(event)
    self.come.set()            a worker of the program goes on
"""

from __future__ import annotations

from collections.abc import Callable
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
            session = run_to_carry()
            if session is not None:
                give(session, self, len(self._waiters), f"{_THREAD} at a condition", _BETWEEN, keeps=False)
            return original(self, n)

        return notify

    def setting(original: Any) -> Callable[..., Any]:
        def set_(self: Any) -> Any:
            session = run_to_carry()
            if session is not None:
                give(
                    session,
                    self._cond,
                    len(self._cond._waiters),
                    f"{_THREAD} for an event",
                    _BETWEEN,
                    keeps=False,
                )
            return original(self)

        return set_

    replace_function(threading.Condition, "wait", waiting)
    replace_function(threading.Condition, "notify", notifying)
    replace_function(threading.Event, "set", setting)


def carry_futures(base: Any) -> None:
    """Futures that somebody waits for."""

    def ending(original: Any) -> Callable[..., Any]:
        def end(self: Any, given: Any) -> Any:
            session = run_to_carry()
            if session is not None:
                condition = self._condition
                give(
                    session,
                    condition,
                    len(condition._waiters),
                    f"{_THREAD} for a future",
                    _BETWEEN,
                    keeps=False,
                )
            return original(self, given)

        return end

    replace_function(base.Future, "set_result", ending)
    replace_function(base.Future, "set_exception", ending)


def carry_async_conditions(locks: Any) -> None:
    """Events and conditions of tasks."""

    def waiting(original: Any) -> Callable[..., Any]:
        async def wait(self: Any) -> Any:
            with Waits(self):
                return await original(self)

        return wait

    def setting(original: Any) -> Callable[..., Any]:
        def set_(self: Any) -> Any:
            _look_at(self, "for an event")
            return original(self)

        return set_

    def notifying(original: Any) -> Callable[..., Any]:
        def notify(self: Any, n: int = 1) -> Any:
            _look_at(self, "at a condition")
            return original(self, n)

        return notify

    replace_function(locks.Event, "wait", waiting)
    replace_function(locks.Event, "set", setting)
    replace_function(locks.Condition, "wait", waiting)
    replace_function(locks.Condition, "notify", notifying)


def _look_at(place: Any, where: str) -> None:
    session = run_to_carry()
    if session is not None:
        waiting = sum(not one.done() for one in place._waiters)
        give(session, place, waiting, f"{_TASK} {where}", _BETWEEN, keeps=False)
