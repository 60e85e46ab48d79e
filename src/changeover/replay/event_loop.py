"""Sync code that runs a coroutine to its end, and async code that runs sync code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import Context
from threading import Thread
from typing import Any

from changeover.record.context import permitted
from changeover.replay.program_signals import in_steps
from changeover.values.observation import Outcome, Raised, Returned


def completed(start: Callable[[], Coroutine[Any, Any, Any]], context: Context) -> Outcome:
    """Run a coroutine to its end on an event loop of its own, in that context; exceptions are the outcome.

    Where this thread runs a loop already, the coroutine gets a thread of its own.
    """
    import asyncio

    if not _loop_runs_here(asyncio):
        return _on_own_loop(asyncio, start, context)
    ended: list[Outcome] = []
    with permitted():
        thread = Thread(
            target=lambda: ended.append(_on_own_loop(asyncio, start, context)), name="changeover-loop"
        )
        thread.start()
    thread.join()
    return ended[0]


def _loop_runs_here(asyncio: Any) -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _on_own_loop(asyncio: Any, start: Callable[[], Coroutine[Any, Any, Any]], context: Context) -> Outcome:
    with permitted():
        runner = asyncio.Runner()
        runner.get_loop()
    try:
        ended: Outcome = runner.run(_ended(start), context=context)
        return ended
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        return Raised(error)
    finally:
        with permitted():
            runner.close()


async def awaited(start: Callable[[], Coroutine[Any, Any, Any]], context: Context) -> Outcome:
    """Run a coroutine as a task in that context; cancelling the caller cancels it and is raised here."""
    import asyncio

    loop = asyncio.get_running_loop()
    task = loop.create_task(_ended(lambda: in_steps(start())), context=context)
    caller = asyncio.current_task()
    before = 0 if caller is None else caller.cancelling()
    try:
        await asyncio.wait([task])
    except BaseException:
        task.cancel()  # and it is not waited for: a path may take its time, or go on
        raise
    if caller is not None and caller.cancelling() > before:
        raise asyncio.CancelledError
    return Raised(asyncio.CancelledError()) if task.cancelled() else task.result()


async def threaded(call: Callable[[], Any]) -> Any:
    """Run sync code in a thread, in a copy of this context."""
    import asyncio

    return await asyncio.to_thread(call)


async def _ended(start: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
    import asyncio

    try:
        return Returned(await start())
    except BaseException as error:  # data, so that no loop meets it, or stops
        here = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and here is not None and here.cancelling():
            raise
        return Raised(error)
