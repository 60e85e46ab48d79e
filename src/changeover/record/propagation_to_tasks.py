"""The tasks and callbacks that a path gives to an event loop carry its run as well."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import Context
from functools import wraps
from typing import Any
from weakref import WeakSet

from changeover.record.carried_coroutine import carried
from changeover.record.context import SESSION, WORK_OF_TASKS, Session, current_session
from changeover.record.instrument import replace_imported_names
from changeover.record.propagated_function import Carried, begun, is_own_work, replace_function, run_to_carry
from changeover.record.timed_steps import timed_task
from changeover.record.work_branch import BRANCH, Branch, WorkKind

# Scheduled for somebody: a coroutine from another thread, a generator left open, what is to begin later.
_OF_SOMEBODY = ("run_coroutine_threadsafe",)
_BEGINNING = (
    "call_at",
    "call_later",
    "call_soon",
    "call_soon_threadsafe",
    "create_task",
    "ensure_future",
    "put_nowait",
    "run_in_executor",
    "set",
)
_NO_CONTEXT = Context()
_FUTURES: WeakSet[Any] = WeakSet()
"""Those that runs have made."""


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
    replace_function(loop, "create_future", _making)
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
        given = coro
        if options.get("context") is not None:  # which may be a saved one of the program
            given = _in_any_context(coro, session, branch)
        took = getattr(session, "step_took", None)
        if took is not None:
            given = timed_task(given, took)
        token = BRANCH.set(branch)
        try:
            task = original(self, given, **options)
        except BaseException:
            branch.end()
            raise
        finally:
            BRANCH.reset(token)
        branch.follow(task)
        WORK_OF_TASKS[task] = (session, branch)
        if task.done():  # begun at once, and ended without waiting
            branch.end()
        else:
            task.add_done_callback(_Ended(session, branch), context=_NO_CONTEXT)
        return task

    return create_task


def _making(original: Any) -> Callable[..., Any]:
    def create_future(self: Any) -> Any:
        future = original(self)
        if current_session() is not None:
            _FUTURES.add(future)
        return future

    return create_future


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


def _in_any_context(coro: Any, session: Session, branch: Branch) -> Any:
    """The coroutine, which leaves nothing of the run in the context of its task."""

    async def run() -> Any:
        return await carried(coro, session, branch)

    running = run()
    for name in ("__name__", "__qualname__"):
        setattr(running, name, getattr(coro, name, type(coro).__name__))
    return running


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
        if context is _NO_CONTEXT or len(args) <= position or current_session() is None:
            return original(self, *args, context=context)
        session, callback = run_to_carry(), args[position]
        if session is None or _is_of_the_loop(callback):
            return original(self, *args, context=context)
        if context is not None and not _is_saved(context, args[position + 1 :]):
            return original(self, *args, context=context)
        branch = begun(session, WorkKind.CALLBACK, callback)
        carried = Carried(callback, session, branch, contained=True)
        handle = original(self, *args[:position], carried, *args[position + 1 :], context=context)
        branch.follow(handle)
        return handle

    return schedule


def _is_saved(context: Context, args: Any) -> bool:
    """Whether a path gives a callback a context that does not come from it.

    A future calls back in contexts as well: of those who wait for it, and they are of this path if it is.
    """
    if context.get(SESSION) is not None:
        return False
    future = args[0] if len(args) == 1 and hasattr(args[0], "add_done_callback") else None
    return future is None or future in _FUTURES or future in WORK_OF_TASKS


def _is_of_the_loop(callback: Any) -> bool:
    if hasattr(getattr(callback, "__self__", None), "get_coro"):  # a task goes on
        return True
    if not is_own_work(callback):
        return False
    name = str(getattr(callback, "__qualname__", ""))
    return not name.startswith(_OF_SOMEBODY) and name.rpartition(".")[2] not in _BEGINNING
