"""Whether a port call belongs to a run, and which; thread pools carry the answer to their tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Protocol

from changeover.record.hook import Hook
from changeover.values.pins import PINNED, Pins


class Session(Protocol):
    """What answers port calls: a recorder, or a replay. Outside any run there is none."""

    @property
    def replaying(self) -> bool:
        """True where nothing may reach the world."""
        ...

    def call(
        self, hook: Hook, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Answer a call of an instrumented function; the answer of a coroutine function is an awaitable."""
        ...

    def thread_refused(self, why: str) -> None:
        """Note that a thread could not be had because the process ends, which says nothing of the path."""
        ...


SHUTDOWN_TEXT = "interpreter shutdown"  # in what CPython says of threads and pools that come too late
SESSION: ContextVar[Session | None] = ContextVar("changeover_session", default=None)


class _Permit(threading.local):
    """Whether this thread is starting a pool's own thread, which a replay allows."""

    given = False


PERMIT = _Permit()


@contextmanager
def permitted() -> Iterator[None]:
    """The toolkit itself opens something here, which a replay lets pass."""
    before, PERMIT.given = PERMIT.given, True
    try:
        yield
    finally:
        PERMIT.given = before


class _Carried:
    """A task of a thread pool that runs with the session and pins of its submitter."""

    __slots__ = ("_pins", "_session", "_task")

    def __init__(self, task: Callable[..., Any], session: Session | None, pins: Pins | None) -> None:
        self._task = task
        self._session = session
        self._pins = pins

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        session, pins = SESSION.set(self._session), PINNED.set(self._pins)
        try:
            return self._task(*args, **kwargs)
        finally:
            PINNED.reset(pins)
            SESSION.reset(session)


def carry_into_pools() -> None:
    """From now on `ThreadPoolExecutor.submit` carries session and pins; asking again changes nothing."""
    original: Callable[..., Any] = ThreadPoolExecutor.submit
    if hasattr(original, "carries_changeover"):
        return

    @wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        session, pins = SESSION.get(), PINNED.get()
        if session is None and pins is None:
            return original(self, fn, *args, **kwargs)
        try:
            with permitted():
                return original(self, _Carried(fn, session, pins), *args, **kwargs)
        except RuntimeError as error:
            if session is not None and SHUTDOWN_TEXT in str(error):
                session.thread_refused(str(error))
            raise

    submit.carries_changeover = True  # type: ignore[attr-defined]
    setattr(ThreadPoolExecutor, "submit", submit)  # noqa: B010  as an assignment it would not type
