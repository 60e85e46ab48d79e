"""What a replay puts into a queue that the program works off would be done for real: it is refused.

A bus is often a queue, and a thread or task that was there before the path:

    while True:
        handle(events.get())   of the program: it waits here, and belongs to no run

Who waits so works for whoever fills the queue, with ports of its own. A queue that the path or its own work
empties is its own affair; so is a pool, where it puts back what it has taken, or another one in its place.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from threading import Thread, current_thread
from typing import Any
from weakref import WeakKeyDictionary, ref

from changeover.record.context import Session, current_session
from changeover.record.propagated_function import replace_function, run_to_carry
from changeover.record.running_loop import running_loop


class _Line:
    """One queue, or what the ends of a stream share: who has waited here for something to come.

    `workers` has the threads and tasks that found it empty, each with the run that they were in; so many wait
    now. One that waited before the queues of this process were watched is known by the queue alone.
    """

    __slots__ = ("_has_unknown", "_queue", "waiting", "workers")

    def __init__(self, queue: Any) -> None:
        number = id(queue)
        self._queue = ref(queue, lambda _: _LINES.pop(number, None))
        self.workers: WeakKeyDictionary[Any, Session | None] = WeakKeyDictionary()
        self.waiting = 0
        self._has_unknown = False

    def is_worked_off_by_others(self, session: Session, waiting: int) -> bool:
        """Whether somebody takes things here who is not of this run; so many wait now, whoever they are."""
        self._has_unknown = self._has_unknown or waiting > self.waiting
        return self._has_unknown or any(
            known is not session and _goes_on(worker) for worker, known in [*self.workers.items()]
        )


def _goes_on(worker: Any) -> bool:
    """Whether a thread, or a task, has not ended."""
    return bool(worker.is_alive() if isinstance(worker, Thread) else not worker.done())


class _Waits:
    """While a thread or task asks a queue for what comes next, in this run or none."""

    __slots__ = ("_line",)

    def __init__(self, queue: Any, session: Session | None, *, is_empty: bool) -> None:
        self._line = _line_of(queue)
        if is_empty:
            self._line.workers[_worker()] = session

    def __enter__(self) -> None:
        self._line.waiting += 1

    def __exit__(self, *_: object) -> None:
        self._line.waiting -= 1


_LINES: dict[int, _Line] = {}
"""By the number of the queue: its class may say what equals what."""
_TAKEN: WeakKeyDictionary[Session, Counter[_Line]] = WeakKeyDictionary()
"""How much runs have taken from each queue, and not given back."""
_OWN_WORKERS = "anyio._backends."
"""What gives jobs to its threads by a queue, each in the context that it came from."""


def carry_queues(module: Any) -> None:
    """Queues of threads; those that waited before this was called are known by the queue."""

    def putting(original: Any) -> Callable[..., Any]:
        def put(self: Any, item: Any, block: bool = True, timeout: float | None = None) -> Any:
            session = run_to_carry()
            if session is not None:
                _look_at(session, self, len(self.not_empty._waiters), "thread", type(self).__name__)
            return original(self, item, block, timeout)

        return put

    def getting(original: Any) -> Callable[..., Any]:
        def get(self: Any, block: bool = True, timeout: float | None = None) -> Any:
            if not block:
                item = original(self, block, timeout)
            else:
                with _Waits(self, _run_here(), is_empty=not self._qsize()):
                    item = original(self, block, timeout)
            session = _run_here()
            if session is not None:
                _note_taken(session, self)
            return item

        return get

    replace_function(module.Queue, "put", putting)
    replace_function(module.Queue, "get", getting)


def carry_async_queues(module: Any) -> None:
    """Queues of tasks."""

    def putting(original: Any) -> Callable[..., Any]:
        def put_nowait(self: Any, item: Any) -> Any:
            session = run_to_carry()
            if session is not None:
                waiting = sum(not one.done() for one in self._getters)
                _look_at(session, self, waiting, "task", type(self).__name__)
            return original(self, item)

        return put_nowait

    replace_function(module.Queue, "put_nowait", putting)
    replace_function(module.Queue, "get", lambda original: _awaiting(original, lambda self: self, _is_empty))
    replace_function(module.Queue, "get_nowait", lambda original: _taking(original, lambda self: self))


def carry_memory_streams(module: Any) -> None:
    """Streams of anyio, whose two ends share what lies between them."""

    def sending(original: Any) -> Callable[..., Any]:
        def send_nowait(self: Any, item: Any) -> Any:
            session = run_to_carry()
            if session is not None:
                _look_at(session, self._state, len(self._state.waiting_receivers), "task", "memory stream")
            return original(self, item)

        return send_nowait

    def is_empty(self: Any) -> bool:
        return not (self._state.buffer or self._state.waiting_senders)

    receiver = module.MemoryObjectReceiveStream
    replace_function(module.MemoryObjectSendStream, "send_nowait", sending)
    replace_function(receiver, "receive", lambda original: _awaiting(original, _between, is_empty))
    replace_function(receiver, "receive_nowait", lambda original: _taking(original, _between))


def _is_empty(queue: Any) -> bool:
    return bool(queue.empty())


def _between(stream: Any) -> Any:
    return stream._state


def _awaiting(
    original: Any, there: Callable[[Any], Any], is_empty: Callable[[Any], bool]
) -> Callable[..., Any]:
    async def get(self: Any) -> Any:
        with _Waits(there(self), _run_here(), is_empty=is_empty(self)):
            return await original(self)

    return get


def _taking(original: Any, there: Callable[[Any], Any]) -> Callable[..., Any]:
    def get_nowait(self: Any) -> Any:
        item = original(self)
        session = _run_here()
        if session is not None:
            _note_taken(session, there(self))
        return item

    return get_nowait


def _worker() -> Any:
    """The task of asyncio that is at work, or else the thread."""
    task = None if running_loop() is None else sys.modules["asyncio"].current_task()
    return current_thread() if task is None else task


def _run_here() -> Session | None:
    """The run that this work belongs to; none any more where it has outlived it."""
    session = current_session()
    return None if session is None or getattr(session, "is_judged", False) else session


def _line_of(queue: Any) -> _Line:
    line = _LINES.get(id(queue))
    return _LINES.setdefault(id(queue), _Line(queue)) if line is None else line


def _note_taken(session: Session, queue: Any) -> None:
    if session.carries:
        _TAKEN.setdefault(session, Counter())[_line_of(queue)] += 1


def _look_at(session: Session, queue: Any, waiting: int, who: str, kind: str) -> None:
    """Tell the run where somebody else will take what it puts there; so many wait now, whoever they are."""
    line = _line_of(queue)
    taken = _TAKEN.get(session)
    if taken is not None and taken[line]:
        taken[line] -= 1
    elif line.is_worked_off_by_others(session, waiting):
        if _module_that_puts().startswith(_OWN_WORKERS):
            return
        session.handed_over(f"a {who} of the program works off what the path puts into a {kind}")


def _module_that_puts() -> str:
    frame = sys._getframe(3)  # behind this, the look and the function in place of the queue's
    if frame.f_globals.get("__name__") in _MODULES and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", ""))


_MODULES = ("queue", "asyncio.queues")
