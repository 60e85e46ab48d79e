"""A coroutine whose steps are timed: how long the loop does nothing else each time it goes on.

A collection of garbage that begins within a step is the program's: it takes as long as the program's heap is
large, and would have begun a little later.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping
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


class _Collections(threading.local):
    """How long collections have taken in this thread, in all: by the clock, and at work."""

    seconds = worked = 0.0
    began = (0.0, 0.0)

    def now(self) -> tuple[float, float]:
        """The moment on both clocks, without the time that collections took."""
        return perf_counter() - self.seconds, thread_time() - self.worked


_COLLECTIONS = _Collections()


def _collecting(phase: str, _: Mapping[str, int]) -> None:
    here = _COLLECTIONS
    if phase == "start":
        here.began = perf_counter(), thread_time()
    else:
        here.seconds += perf_counter() - here.began[0]
        here.worked += thread_time() - here.began[1]


@coroutine
def timed(path: Coroutine[Any, Any, T], took: Took) -> Generator[Any, Any, T]:
    """Await a coroutine, and tell how long each of its steps took."""
    step: Callable[[], Any] = partial(path.send, None)
    while True:
        began, worked = _COLLECTIONS.now()
        try:
            waits_for = step()
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            ended, had_worked = _COLLECTIONS.now()
            took(ended - began, had_worked - worked)
        try:
            step = partial(path.send, (yield waits_for))
        except GeneratorExit:
            path.close()
            raise
        except BaseException as raised:  # noqa: BLE001  thrown into the path right above
            step = partial(path.throw, raised)


def timed_task(path: Any, took: Took) -> Any:
    """The same as a coroutine that a task takes, under the names of the one in it."""
    if _collecting not in gc.callbacks:
        gc.callbacks.append(_collecting)

    async def run() -> Any:
        return await timed(path, took)

    running = run()
    for name in ("__name__", "__qualname__"):
        setattr(running, name, getattr(path, name, type(path).__name__))
    return running
