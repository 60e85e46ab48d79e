"""Alarms and handlers of signals of a replay that runs beside the main thread: they are its own alone.

A process has one alarm, and a thread beside the main one may set and end it, but not have handlers. So both
are kept for the replay where nobody puts the program's back afterwards (`program_signals`). Such an alarm
never goes off: where its time was over, the replay says so.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from math import ceil
from time import monotonic
from typing import Any

from changeover.record.context import PERMIT, current_session
from changeover.record.instrument import replace_imported_names
from changeover.record.replay_problems import ProblemKind
from changeover.replay.program_signals import is_watched

Timer = tuple[float, float]
"""Seconds left, and seconds from one time to the next, as `signal.getitimer` gives them."""
_in_c = import_module("_signal")
_OFF: Timer = (0.0, 0.0)
_WAKEUP = "set_wakeup_fd"
_NOBODY = -1
"""What `set_wakeup_fd` answers where nobody is woken."""


class OwnSignals:
    """Those of one replay, beginning with what the program has; an alarm that is over is noted."""

    def __init__(self, note: Callable[[ProblemKind, str, str], None], *, may_have_handlers: bool) -> None:
        self._note = note
        self._may_have_handlers = may_have_handlers
        self._timers: dict[int, tuple[float, Timer]] = {}
        self._handlers: dict[int, Any] = {}
        self._wakeup_fd = _NOBODY

    def getitimer(self, which: int) -> Timer:
        """As the function of `signal`."""
        set_at, (left, interval) = self._timers.get(which, (0.0, _OFF))
        if which not in self._timers:
            return _PLAIN["getitimer"](which)  # type: ignore[no-any-return]
        if not left:
            return _OFF
        left -= monotonic() - set_at
        if left <= 0:
            self._timers[which] = (0.0, _OFF)
            self._note(ProblemKind.LIMIT, "an alarm of the path", "goes off in the main thread alone")
            return _OFF
        return left, interval

    def setitimer(self, which: int, seconds: float, interval: float = 0.0) -> Timer:
        """As the function of `signal`."""
        before = self.getitimer(which)
        self._timers[which] = (monotonic(), (float(seconds), float(interval) if seconds else 0.0))
        return before

    def alarm(self, seconds: int) -> int:
        """As the function of `signal`."""
        return ceil(self.setitimer(signal.ITIMER_REAL, seconds)[0])

    def signal(self, number: int, handler: Any) -> Any:
        """As the function of `signal`, which raises beside the main thread, and did for a path there."""
        if not self._may_have_handlers:
            return _PLAIN["signal"](number, handler)
        before = self.getsignal(number)
        self._handlers[number] = handler
        return before

    def getsignal(self, number: int) -> Any:
        """As the function of `signal`."""
        return self._handlers[number] if number in self._handlers else _PLAIN["getsignal"](number)

    def raise_signal(self, number: int) -> None:
        """Call a handler that the path has set itself; without one it would end the program, or reach it."""
        handler = self._handlers.get(number)
        if callable(handler) and not isinstance(handler, signal.Handlers):
            handler(number, None)
        elif handler is not signal.SIG_IGN:
            self._note(ProblemKind.LIMIT, "a signal of the path", "is raised in the main thread alone")

    def set_wakeup_fd(self, fd: int, *, warn_on_full_buffer: bool = True) -> int:
        """As the function of `signal`: event loops ask to be woken so. No signal comes to a replay."""
        if not self._may_have_handlers:
            return _PLAIN[_WAKEUP](fd)  # type: ignore[no-any-return]
        before, self._wakeup_fd = self._wakeup_fd, fd
        return before

    def close(self) -> None:
        """Note an alarm that would have gone off."""
        for which in [*self._timers]:
            self.getitimer(which)


_PLAIN: dict[str, Callable[..., Any]] = {}


def keep_signals_apart() -> None:
    """From now on replays beside the main thread have alarms of their own; asking again changes nothing."""
    for name in ("alarm", "setitimer", "getitimer", "signal", "getsignal", "raise_signal", _WAKEUP):
        if name not in _PLAIN and hasattr(signal, name):
            _PLAIN[name] = plain = getattr(signal, name)
            asking = _asking(name, plain)
            setattr(signal, name, asking)
            replace_imported_names(plain, asking)
            if getattr(_in_c, name) is asking:  # which the toolkit uses for itself
                setattr(_in_c, name, plain)


def _asking(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def ask(*args: Any, **kwargs: Any) -> Any:
        session = current_session()
        if session is None or not session.replaying or PERMIT.given:
            return plain(*args, **kwargs)
        if is_watched() and name != _WAKEUP:  # which nobody could put back without missing a signal
            return plain(*args, **kwargs)
        replay = getattr(session, "replay", session)
        own: OwnSignals | None = getattr(replay, "signals", None)
        return plain(*args, **kwargs) if own is None else getattr(own, name)(*args, **kwargs)

    return ask
