"""The threads that a path starts, and the jobs that it gives to pools, carry its run."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Thread, Timer
from typing import Any

from changeover.record.context import SESSION, SHUTDOWN_TEXT, Session, current_session, permitted
from changeover.record.named_threads import ThreadKind
from changeover.record.propagated_function import (
    Begins,
    Carried,
    begun,
    is_own_step,
    is_own_work,
    replace_function,
    run_to_carry,
)
from changeover.record.work_branch import Branch, WorkKind
from changeover.values.pins import PINNED


def carry_threads(threading: Any) -> None:
    """A thread is a branch; those that a pool starts for itself belong to nobody's run."""

    def starting(original: Any) -> Any:
        def start(self: Thread) -> Any:
            session = run_to_carry()
            if session is None:
                return _noting_shutdown(lambda: original(self))
            given, run = vars(self).get("run"), self.run
            what = self.function if isinstance(self, Timer) else getattr(self, "_target", None) or run
            # Of a pool, whose jobs belong to whoever gave them.
            if is_own_step(what) or (what is run and is_own_work(run)):
                with permitted():
                    return _noting_shutdown(lambda: original(self))
            named = _kind_of(session, self.name)
            if named is not None:
                with permitted():
                    return _apart(named, session, self, lambda: _noting_shutdown(lambda: original(self)))
            branch = begun(session, WorkKind.THREAD, what)
            carried = Carried(run, session, branch, contained=True)

            def begin() -> None:
                _give_back(self, given)
                carried()

            self.run = begin  # type: ignore[method-assign]
            if session.replaying and self._started.is_set() is False:  # type: ignore[attr-defined]
                self.daemon = True  # what a replay leaves behind must not keep the process
            try:
                with permitted():  # CPython announces it
                    _noting_shutdown(lambda: original(self))
            except RuntimeError:
                _give_back(self, given)
                branch.end()
                raise
            return branch.follow(self)

        return start

    def waiting(original: Any) -> Any:
        def wait(self: Any, timeout: float | None = None) -> Any:
            replay = getattr(SESSION.get(), "replay", None)
            if replay is None:
                return original(self, timeout)
            if not (hasattr(self, "_waiters") and self._is_owned()):  # of another library, or an error
                return replay.wait(lambda seconds: original(self, seconds), timeout)
            return _wait_in_steps(self, replay, timeout)

        return wait

    replace_function(threading.Thread, "start", starting)
    replace_function(threading.Condition, "wait", waiting)


def _wait_in_steps(condition: Any, replay: Any, timeout: float | None) -> bool:
    """What `Condition.wait` does, but looking up from time to time.

    It stands among those that wait for all of that time: whoever notifies between two calls of `wait`
    would notify nobody, and those who wait for a future, an event or a thread's end ask only once.
    """
    waiter = allocate_lock()
    waiter.acquire()
    condition._waiters.append(waiter)
    kept = condition._release_save()
    is_told = False
    try:
        is_told = bool(replay.wait(lambda seconds: waiter.acquire(timeout=seconds), timeout))
        return is_told
    finally:
        condition._acquire_restore(kept)
        if not is_told:
            with suppress(ValueError):
                condition._waiters.remove(waiter)


def _kind_of(session: Session, name: str) -> ThreadKind | None:
    book = getattr(session, "book", None)  # what answers inside of a port has none
    return book.threads.kind_of(name) if book is not None and book.threads else None


def _apart(kind: ThreadKind, session: Session, thread: Thread, start: Callable[[], Any]) -> Any:
    """Start a thread that is no part of the run; one that is withheld does nothing in a replay."""
    if not session.replaying:
        return start()
    if thread._started.is_set() is False:  # type: ignore[attr-defined]
        thread.daemon = True  # what a replay leaves behind must not keep the process
    if kind is ThreadKind.PERMITTED:
        return start()
    given = vars(thread).get("run")
    thread.run = _nothing  # type: ignore[method-assign]
    try:
        started = start()
        thread.join()
        return started
    finally:
        _give_back(thread, given)


def _nothing() -> None:
    """What a thread does that is withheld."""


def _give_back(thread: Thread, run: Any) -> None:
    if run is None:
        vars(thread).pop("run", None)
    else:
        vars(thread)["run"] = run


def _noting_shutdown(start: Callable[[], Any]) -> Any:
    try:
        return start()
    except RuntimeError as error:
        session = SESSION.get()
        if session is not None and (SHUTDOWN_TEXT in str(error) or _pools_are_closed()):
            session.thread_refused(str(error))
        raise


def _pools_are_closed() -> bool:
    """Whether the process has closed all pools, each of which then says that it was shut down."""
    return bool(getattr(sys.modules.get("concurrent.futures.thread"), "_shutdown", False))


def carry_pools(futures: Any) -> None:
    """A job of a pool of threads is a branch, and so is what is called when it is done."""

    def beginning(original: Any) -> Any:
        def begin(self: ThreadPoolExecutor, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            session, own = run_to_carry(), vars(self)
            if session is not None and callable(own.get("_initializer")):
                own["_initializer"] = Begins(own["_initializer"], session)

        return begin

    def submitting(original: Any) -> Any:
        def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            session, pins = SESSION.get(), PINNED.get()
            if session is not None:
                session = current_session()  # of a context that was kept it may be another
            if session is None and pins is None:
                return original(self, fn, *args, **kwargs)
            if type(self).__name__ == "InterpreterPoolExecutor":
                _not_followed(self, fn)
                return original(self, fn, *args, **kwargs)
            carrying = run_to_carry()
            branch = None if carrying is None else begun(carrying, WorkKind.JOB, fn)
            carried = Carried(fn, session, branch)
            try:
                with permitted():
                    future = _noting_shutdown(lambda: original(self, carried, *args, **kwargs))
            except RuntimeError:
                if branch is not None:
                    branch.end()
                raise
            if branch is not None:
                branch.follow(future)
            return future

        return submit

    def calling_back(original: Any) -> Any:
        def add_done_callback(self: Future[Any], fn: Callable[..., Any]) -> None:
            session = None if is_own_step(fn) else run_to_carry()
            if session is None:
                return original(self, fn)  # type: ignore[no-any-return]
            branch = begun(session, WorkKind.CALLBACK, fn)
            return original(self, Carried(fn, session, branch, contained=True))  # type: ignore[no-any-return]

        return add_done_callback

    replace_function(futures.ThreadPoolExecutor, "__init__", beginning)
    replace_function(futures.ThreadPoolExecutor, "submit", submitting)
    replace_function(futures.Future, "add_done_callback", calling_back)


def _not_followed(pool: Any, function: Any) -> None:
    session = run_to_carry()
    if session is not None:
        session.not_followed(f"{type(pool).__name__} {Branch().begin(WorkKind.JOB, function)}")


def carry_processes(process: Any) -> None:
    """What runs in another process cannot be followed: the run says so."""

    def submitting(original: Any) -> Any:
        def submit(self: Executor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            _not_followed(self, fn)
            with permitted():
                return original(self, fn, *args, **kwargs)

        return submit

    replace_function(process.ProcessPoolExecutor, "submit", submitting)


def carry_process_starts(process: Any) -> None:
    """A process that a path starts cannot be followed either; in a replay that is refused.

    The net would refuse it too, when pipes to it are open already.
    """

    def starting(original: Any) -> Any:
        def start(self: Any) -> Any:
            session = run_to_carry()
            if session is not None:
                target = getattr(self, "_target", None) or type(self).run
                session.not_followed(f"process of {Branch().begin(WorkKind.JOB, target)}")
            return original(self)

        return start

    replace_function(process.BaseProcess, "start", starting)


def carry_multiprocessing_pools(pool: Any) -> None:
    """Pools of threads of multiprocessing are like others; those of processes cannot be followed."""

    def beginning(original: Any) -> Any:
        def begin(self: Any, processes: Any = None, initializer: Any = None, initargs: Any = ()) -> None:
            session = run_to_carry()
            if session is not None and callable(initializer):
                initializer = Begins(initializer, session)
            original(self, processes, initializer, initargs)

        return begin

    def calling(original: Any) -> Any:
        def apply_async(self: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            session = run_to_carry()
            if session is None:
                return original(self, func, *args, **kwargs)
            if not isinstance(self, pool.ThreadPool):
                _not_followed(self, func)
                return original(self, func, *args, **kwargs)
            branch = begun(session, WorkKind.JOB, func)
            _carry_callbacks(session, kwargs)
            return original(self, Carried(func, session, branch, only_exceptions=True), *args, **kwargs)

        return apply_async

    def mapping(original: Any) -> Any:
        def each(self: Any, func: Any, iterable: Any, *args: Any, **kwargs: Any) -> Any:
            session = run_to_carry()
            if session is None:
                return original(self, func, iterable, *args, **kwargs)
            if not isinstance(self, pool.ThreadPool):
                _not_followed(self, func)
                return original(self, func, iterable, *args, **kwargs)
            stars = pool.starmapstar in args
            jobs = [(begun(session, WorkKind.JOB, func), item) for item in iterable]

            def job(*given: Any) -> Any:
                branch, item = given if stars else given[0]
                carried = Carried(func, session, branch, only_exceptions=True)
                return carried(*item) if stars else carried(item)

            _carry_callbacks(session, kwargs)
            return original(self, job, jobs, *args, **kwargs)

        return each

    replace_function(pool.ThreadPool, "__init__", beginning)
    replace_function(pool.Pool, "apply_async", calling)
    for name in ("_map_async", "imap", "imap_unordered"):
        replace_function(pool.Pool, name, mapping)


def _carry_callbacks(session: Session, options: dict[str, Any]) -> None:
    for name in ("callback", "error_callback"):
        if options.get(name) is not None:
            branch = begun(session, WorkKind.CALLBACK, options[name])
            options[name] = Carried(options[name], session, branch, contained=True)
