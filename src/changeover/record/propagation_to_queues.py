"""What a path puts into a queue, or a stream, that a thread or task of the program works off.

A queue that the path or its own work empties is its own affair; so is a pool, where it puts back what it has
taken, or another one in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from changeover.record.context import Session
from changeover.record.program_workers import Between, WaitingPlace, Waits, give, run_here, waiting_place
from changeover.record.propagated_function import replace_function, run_to_carry

_TAKEN: WeakKeyDictionary[Session, Counter[WaitingPlace]] = WeakKeyDictionary()
"""How much runs have taken from each queue, and not given back."""
_BETWEEN = Between(frozenset({"queue", "asyncio.queues", "anyio.streams.memory"}))


def carry_queues(module: Any) -> None:
    """Queues of threads."""

    def putting(original: Any) -> Callable[..., Any]:
        def put(self: Any, item: Any, block: bool = True, timeout: float | None = None) -> Any:
            session = run_to_carry()
            if session is not None and not _gives_back(session, self):
                what = _what("thread", type(self).__name__)
                give(session, self, len(self.not_empty._waiters), what, _BETWEEN, keeps=True)
            return original(self, item, block, timeout)

        return put

    def getting(original: Any) -> Callable[..., Any]:
        def get(self: Any, block: bool = True, timeout: float | None = None) -> Any:
            if not block:
                item = original(self, block, timeout)
            else:
                with Waits(self, for_long=not self._qsize()):
                    item = original(self, block, timeout)
            _note_taken(self)
            return item

        return get

    replace_function(module.Queue, "put", putting)
    replace_function(module.Queue, "get", getting)


def carry_async_queues(module: Any) -> None:
    """Queues of tasks."""

    def putting(original: Any) -> Callable[..., Any]:
        def put_nowait(self: Any, item: Any) -> Any:
            session = run_to_carry()
            if session is not None and not _gives_back(session, self):
                waiting = sum(not one.done() for one in self._getters)
                give(session, self, waiting, _what("task", type(self).__name__), _BETWEEN, keeps=True)
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
            if session is not None and not _gives_back(session, self._state):
                waiting = len(self._state.waiting_receivers)
                give(session, self._state, waiting, _what("task", "memory stream"), _BETWEEN, keeps=True)
            return original(self, item)

        return send_nowait

    def is_empty(self: Any) -> bool:
        return not (self._state.buffer or self._state.waiting_senders)

    receiver = module.MemoryObjectReceiveStream
    replace_function(module.MemoryObjectSendStream, "send_nowait", sending)
    replace_function(receiver, "receive", lambda original: _awaiting(original, _between, is_empty))
    replace_function(receiver, "receive_nowait", lambda original: _taking(original, _between))


def _what(who: str, kind: str) -> str:
    return f"a {who} of the program works off what the path puts into a {kind}"


def _is_empty(queue: Any) -> bool:
    return bool(queue.empty())


def _between(stream: Any) -> Any:
    return stream._state


def _awaiting(
    original: Any, there: Callable[[Any], Any], is_empty: Callable[[Any], bool]
) -> Callable[..., Any]:
    async def get(self: Any) -> Any:
        if not is_empty(self):
            return await original(self)
        with Waits(there(self)):
            return await original(self)

    return get


def _taking(original: Any, there: Callable[[Any], Any]) -> Callable[..., Any]:
    def get_nowait(self: Any) -> Any:
        item = original(self)
        _note_taken(there(self))
        return item

    return get_nowait


def _note_taken(queue: Any) -> None:
    session = run_here()
    if session is not None and session.carries:
        _TAKEN.setdefault(session, Counter())[waiting_place(queue)] += 1


def _gives_back(session: Session, queue: Any) -> bool:
    taken = _TAKEN.get(session)
    place = waiting_place(queue)
    if taken is None or not taken[place]:
        return False
    taken[place] -= 1
    return True
