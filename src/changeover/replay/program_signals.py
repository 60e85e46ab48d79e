"""The program's handlers of signals while the toolkit or a replay runs in the main thread.

What a handler raises is the program's: it is raised again when the block is left, whatever the replayed path
did with it. What the path itself did to handlers, the alarm and the mask of signals is undone then.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from threading import Condition, get_ident, main_thread
from time import monotonic
from types import CodeType, FrameType, FunctionType, TracebackType, coroutine
from typing import Any, ParamSpec, TypeVar, cast

from changeover.record.context import NO_WORK, SESSION, UNSET, WORK_HERE, put_back
from changeover.record.work_branch import BRANCH
from changeover.values.interruption import HANDLER_CODES, struck
from changeover.values.observation import Outcome, Raised, Returned

P = ParamSpec("P")
T = TypeVar("T")

# The functions of `signal` turn every number into an enum, which takes twenty times as long.
_fast: Any = import_module("_signal")
_NUMBERS = tuple(sorted(int(number) for number in signal.valid_signals()))
_HAS_MASK, _HAS_ALARM = hasattr(signal, "pthread_sigmask"), hasattr(signal, "setitimer")
_LATE_S = 0.005  # so much a timer may be off without having been set anew
_SOON_S = 1e-6
_STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")
_watch: ProgramSignals | None = None


class ProgramSignals:
    """A block around toolkit and replay; inside another one, and in other threads, it does nothing."""

    def __init__(self) -> None:
        self.raised: BaseException | None = None
        self.is_leaving = False
        self._is_outermost = False
        self._handlers: list[Any] = []
        self._wrappers: dict[int, _Handler] = {}
        self._alarm = (0.0, 0.0)
        self._alarm_at = 0.0
        self._has_alarm = _HAS_ALARM
        self._mask: Any = None
        self._streams = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
        self._before: tuple[Any, ...] = ()

    def __enter__(self) -> ProgramSignals:
        global _watch
        if _watch is not None or get_ident() != main_thread().ident:
            return self
        self._is_outermost = True
        try:
            self._before = _of_run(get_ident())
            _watch = self
            self._take()
        except BaseException as error:  # noqa: BLE001  of a handler that is not wrapped yet
            self.remember(error)
            self._has_alarm = False  # no path has touched it
        if self.raised is not None:
            self._leave()
            raise self.raised
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if not self._is_outermost:
            return
        self.is_leaving = True
        self._leave()
        if self.raised is not None and self.raised is not error:
            raise self.raised

    def remember(self, error: BaseException) -> None:
        """Of several the first that is no plain exception, else the first."""
        if self.raised is None or (isinstance(self.raised, Exception) and not isinstance(error, Exception)):
            self.raised = error

    def follow(self, before: list[Any]) -> None:
        """What a handler of the program has changed, from `before` it ran, is as the program wants it."""
        for index, (was, now) in enumerate(zip(before, _current(), strict=True)):
            if now is not was:
                self._handlers[index] = now
                self._wrap(_NUMBERS[index], now)
        self._note_alarm()

    def _take(self) -> None:
        self._handlers = _current()
        self._note_alarm()
        if _HAS_MASK:
            self._mask = _fast.pthread_sigmask(signal.SIG_BLOCK, ())
        for number, handler in zip(_NUMBERS, self._handlers, strict=True):
            if type(handler) is not int:  # as most are: `SIG_DFL` and `SIG_IGN`
                self._wrap(number, handler)

    def _wrap(self, number: int, handler: Any) -> None:
        if callable(handler) and not _raises_nothing(handler):
            self._wrappers[number] = wrapper = _Handler(self, handler)
            _fast.signal(number, wrapper)

    def _note_alarm(self) -> None:
        if self._has_alarm:
            self._alarm = _fast.getitimer(signal.ITIMER_REAL)
            if self._alarm[0]:  # else no clock is looked at: one of a test may move on with each look
                self._alarm_at = monotonic()

    def _leave(self) -> None:
        global _watch
        while True:
            try:
                self._give_back()
                break
            except BaseException as error:  # noqa: BLE001  of a handler that is given back already
                self.remember(error)
        _watch = None
        self._wrappers.clear()  # they hold this block, which would be garbage after every run

    def _give_back(self) -> None:
        # A stop may strike before the block around a replay is entered, which would put them back.
        if sys.stdout is not self._streams[0] or sys.stderr is not self._streams[1]:
            for place, stream in zip(_STREAMS, self._streams, strict=True):
                setattr(sys, place, stream)
        self._leave_run()
        if self._mask is not None and _fast.pthread_sigmask(signal.SIG_BLOCK, ()) != self._mask:
            _fast.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        if self._has_alarm:  # while it is known whether it goes off; and once, or it goes off for ever
            now = _fast.getitimer(signal.ITIMER_REAL)
            self._has_alarm = False
            self._give_back_alarm(*now)
        for number, found, before in zip(_NUMBERS, _current(), self._handlers, strict=False):
            if found is not before and before is not None:
                _fast.signal(number, before)

    def _leave_run(self) -> None:
        """What a stop, between two lines of the toolkit, has left of a replay in this thread and context."""
        here = get_ident()
        if not self._before or self._before == _of_run(here):
            return
        session, branch, work, hook = self._before
        SESSION.set(None if session is UNSET else session)
        BRANCH.set(None if branch is UNSET else branch)
        put_back(here, work)
        sys.unraisablehook = hook

    def _give_back_alarm(self, now: float, interval: float) -> None:
        left, again = self._alarm
        if not left:
            if now:
                _fast.setitimer(signal.ITIMER_REAL, 0.0)
            return
        left = max(left - (monotonic() - self._alarm_at), _SOON_S)
        # One that went off is known, as its handler is followed; else the path has stopped it.
        stopped = not now and signal.SIGALRM in self._wrappers
        if interval != again or stopped or (not again and abs(now - left) > _LATE_S):
            _fast.setitimer(signal.ITIMER_REAL, left, again)


class _Handler:
    """A handler of the program, which acts outside of any run, and whose exceptions are remembered."""

    def __init__(self, watch: ProgramSignals, handler: Any) -> None:
        self._watch = watch
        self.__wrapped__ = handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        before = _current()
        here = get_ident()
        work, session = WORK_HERE.get(here), SESSION.set(None)
        try:
            WORK_HERE[here] = NO_WORK  # whatever runs here, the handler is the program's
            self.__wrapped__(number, frame)
        except BaseException as error:
            self._watch.remember(error)
            if not self._watch.is_leaving and (frame is None or frame.f_code not in _UNBROKEN):
                raise
        finally:
            put_back(here, work)
            SESSION.reset(session)
            self._watch.follow(before)


def heard() -> BaseException | None:
    """What a handler of the program has raised since the outermost block around this was entered."""
    return None if _watch is None or get_ident() != main_thread().ident else _watch.raised


def is_watched() -> bool:
    """Whether this is inside such a block, so that what is done to handlers and alarm here is undone."""
    return _watch is not None and get_ident() == main_thread().ident


def stop_if_heard(error: BaseException | None = None) -> None:
    """Raise what a handler of the program has raised, here or where it led to this error."""
    found = heard() or (None if error is None else struck(error))
    if found is not None:
        raise found


@coroutine
def in_steps(
    path: Coroutine[Any, Any, Any], around: Callable[[], AbstractContextManager[object]] = nullcontext
) -> Generator[Any, Any, Outcome]:
    """How a coroutine ends, with such a block around each of its steps: between them the program runs.

    What is raised here is the program's; what the coroutine itself raises is in the outcome.
    """
    step: Callable[[], Any] = partial(path.send, None)
    while True:
        with ProgramSignals(), around():
            try:
                waits_for = step()
            except StopIteration as end:
                return Returned(end.value)
            except BaseException as error:  # noqa: BLE001  this is where an exception of the path becomes data
                return Raised(error)
        try:
            step = partial(path.send, (yield waits_for))
        except GeneratorExit:
            path.close()
            raise
        except BaseException as error:  # noqa: BLE001  thrown into the path right above
            step = partial(path.throw, error)


def _of_run(thread: int) -> tuple[Any, ...]:
    """What says whether a thread, and the context that it is in, do the work of a run."""
    return SESSION.get(UNSET), BRANCH.get(UNSET), WORK_HERE.get(thread), sys.unraisablehook


def _current() -> list[Any]:
    return list(map(_fast.getsignal, _NUMBERS))


def _raises_nothing(handler: Any) -> bool:
    """Whether it is the one of asyncio for a loop that hears of signals through a socket.

    Putting it back would undo that a signal breaks off no system call.
    """
    return getattr(handler, "__name__", "") == "_sighandler_noop"


def unbroken(function: Callable[P, T]) -> Callable[P, T]:
    """A function whose own lines are not broken off: what it takes, it gives back; what it calls may be."""
    _UNBROKEN.add(cast(FunctionType, function).__code__)
    return function


_UNBROKEN: set[CodeType] = {
    # Raised where the block is entered or left, it would keep that from being done.
    *(ProgramSignals.__enter__.__code__, ProgramSignals.__exit__.__code__, ProgramSignals._leave.__code__),
    *(Condition.__enter__.__code__, Condition.__exit__.__code__),  # where a lock may be taken for ever
}
HANDLER_CODES.add(_Handler.__call__.__code__)
