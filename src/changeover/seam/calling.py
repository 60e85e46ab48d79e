"""How paths are called and replayed: in a sync seam, whose caller waits for a value, or in an async one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import copy_context
from inspect import iscoroutinefunction
from typing import Any, Protocol, TypeVar

from changeover.replay.event_loop import completed, threaded
from changeover.replay.runner import Replayed, ReplayTask
from changeover.values.outcome import Outcome, Raised, Returned, is_interruption

T = TypeVar("T")


class Calling(Protocol):
    """How a path is called and the other one replayed: in a sync or in an async seam."""

    async def outcome(
        self, path: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Outcome:
        """How the path ends; raises nothing."""
        ...

    async def replay(self, task: ReplayTask) -> Replayed:
        """What the other path leaves behind; only interrupts pass."""
        ...

    def lets_pass(self, error: BaseException) -> bool:
        """Whether it is an interrupt that is meant for the caller."""
        ...


class _Sync:
    """The caller waits for a value; a path that is a coroutine function runs on a loop of its own."""

    def call(self, path: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if iscoroutinefunction(path):
            return completed(lambda: path(*args, **kwargs), copy_context()).unwrap()
        return path(*args, **kwargs)

    async def outcome(
        self, path: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Outcome:
        try:
            return Returned(self.call(path, args, kwargs))
        except BaseException as error:  # noqa: BLE001  raised again when everything is kept
            return Raised(error)

    async def replay(self, task: ReplayTask) -> Replayed:
        return task.run()

    def lets_pass(self, error: BaseException) -> bool:
        return isinstance(error, KeyboardInterrupt)


class _Async:
    """The caller awaits; a path that is no coroutine function runs in a thread."""

    async def call(self, path: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if iscoroutinefunction(path):
            return await path(*args, **kwargs)
        return await threaded(lambda: path(*args, **kwargs))

    async def outcome(
        self, path: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Outcome:
        try:
            return Returned(await self.call(path, args, kwargs))
        except BaseException as error:  # noqa: BLE001  raised again when everything is kept
            return Raised(error)

    async def replay(self, task: ReplayTask) -> Replayed:
        return await task.run_async()

    def lets_pass(self, error: BaseException) -> bool:
        return is_interruption(error)


SYNC, ASYNC = _Sync(), _Async()


def completed_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a sync seam waited for an event loop")
