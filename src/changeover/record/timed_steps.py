"""A coroutine whose steps are timed: how long the loop does nothing else each time it goes on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from functools import partial
from time import perf_counter, thread_time
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Took = Callable[[float, float], None]
"""Hears how many seconds a step took, and how many of them this thread was at work."""
STEP_TOOK: ContextVar[Took | None] = ContextVar("changeover_step_took", default=None)
"""Who hears of the steps of replays that begin in this context; None for nobody."""


@coroutine
def timed(path: Coroutine[Any, Any, T], took: Took) -> Generator[Any, Any, T]:
    """Await a coroutine, and tell how long each of its steps took."""
    step: Callable[[], Any] = partial(path.send, None)
    while True:
        began, worked = perf_counter(), thread_time()
        try:
            waits_for = step()
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            took(perf_counter() - began, thread_time() - worked)
        try:
            step = partial(path.send, (yield waits_for))
        except GeneratorExit:
            path.close()
            raise
        except BaseException as raised:  # noqa: BLE001  thrown into the path right above
            step = partial(path.throw, raised)


def timed_task(path: Any, took: Took) -> Any:
    """The same as a coroutine that a task takes, under the names of the one in it."""

    async def run() -> Any:
        return await timed(path, took)

    running = run()
    for name in ("__name__", "__qualname__"):
        setattr(running, name, getattr(path, name, type(path).__name__))
    return running
