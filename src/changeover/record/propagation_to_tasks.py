"""The tasks and callbacks that a path gives to an event loop carry its run as well."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from functools import wraps
from typing import Any

from changeover.record.context import SESSION, Session
from changeover.record.instrument import replace_imported_names
from changeover.record.propagated_function import Carried, begun, is_own_work, replace_function, run_to_carry
from changeover.record.work_branch import BRANCH, Branch, WorkKind
from changeover.values.pins import PINNED

_HANDED_OVER = "run_coroutine_threadsafe"
_NO_CONTEXT = Context()


def carry_tasks(base_events: Any) -> None:
    """Replace what every loop of asyncio's own inherits, and what gives it tasks in the order of a set."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and hasattr(asyncio, "as_completed"):
        original = asyncio.as_completed
        replacement = wraps(original)(_in_order(asyncio, original))
        asyncio.tasks.as_completed = replacement
        replace_imported_names(original, replacement)
    loop = base_events.BaseEventLoop
    replace_function(loop, "create_task", _creating)
    replace_function(loop, "run_in_executor", _executing)
    replace_function(loop, "call_soon", lambda original: _scheduling(original, 0))
    replace_function(loop, "call_soon_threadsafe", lambda original: _scheduling(original, 0))
    replace_function(loop, "call_at", lambda original: _scheduling(original, 1))


def _in_order(asyncio: Any, original: Any) -> Callable[..., Any]:
    def as_completed(fs: Any, **options: Any) -> Any:
        if run_to_carry() is None or asyncio.isfuture(fs) or asyncio.iscoroutine(fs):
            return original(fs, **options)
        return original([asyncio.ensure_future(one) for one in dict.fromkeys(fs)], **options)

    return as_completed


def _creating(original: Any) -> Callable[..., Any]:
    def create_task(self: Any, coro: Any, **options: Any) -> Any:
        session = run_to_carry()
        if session is None:
            return original(self, coro, **options)
        branch = begun(session, WorkKind.TASK, getattr(coro, "cr_code", coro))
        context = options.get("context")
        if context is not None:
            _enter(context, session, branch)
        token = BRANCH.set(branch)
        try:
            task = original(self, coro, **options)
        except BaseException:
            branch.end()
            raise
        finally:
            BRANCH.reset(token)
        branch.follow(task)
        if task.done():  # begun at once, and ended without waiting
            branch.end()
        else:
            task.add_done_callback(_Ended(session, branch), context=_NO_CONTEXT)
        return task

    return create_task


def _executing(original: Any) -> Callable[..., Any]:
    def run_in_executor(self: Any, executor: Any, func: Any, *args: Any) -> Any:
        session = run_to_carry()
        future = original(self, executor, func, *args)
        if session is not None and session.replaying:
            future.add_done_callback(_heard, context=_NO_CONTEXT)
        return future

    return run_in_executor


def _heard(future: Any) -> None:
    """Ask for the exception of a replay, so that no handler of the program hears of it."""
    if not future.cancelled():
        future.exception()


def _enter(context: Context, session: Session, branch: Branch) -> None:
    with suppress(RuntimeError):  # this very context: what runs in it carries the run already
        context.run(_set, session, branch, PINNED.get())


def _set(session: Session, branch: Branch, pins: Any) -> None:
    SESSION.set(session)
    BRANCH.set(branch)
    PINNED.set(pins)


class _Ended:
    """Hears of the end of a task before anybody who waits for it."""

    __slots__ = ("_branch", "_session")

    def __init__(self, session: Session, branch: Branch) -> None:
        self._session = session
        self._branch = branch

    def __call__(self, task: Any) -> None:
        self._branch.cancelled = task.cancelled()
        if self._session.replaying:
            _heard(task)
        self._branch.mark_end()
        task.get_loop().call_soon(self._branch.release, context=_NO_CONTEXT)  # after all who hear of the end


def _scheduling(original: Any, position: int) -> Callable[..., Any]:
    def schedule(self: Any, *args: Any, context: Context | None = None) -> Any:
        if context is not None or SESSION.get() is None or len(args) <= position:
            return original(self, *args, context=context)
        session, callback = run_to_carry(), args[position]
        if session is None or _is_of_the_loop(callback):
            return original(self, *args, context=context)
        branch = begun(session, WorkKind.CALLBACK, callback)
        carried = Carried(callback, session, branch, contained=True)
        handle = original(self, *args[:position], carried, *args[position + 1 :], context=context)
        branch.follow(handle)
        return handle

    return schedule


def _is_of_the_loop(callback: Any) -> bool:
    return is_own_work(callback) and not getattr(callback, "__qualname__", "").startswith(_HANDED_OVER)
