"""Time in a replay: recorded moments in order, never back, and sleeping that takes no time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from changeover.record.context import Args, Kwargs
from changeover.record.tape import Entry
from changeover.values.observation import Outcome, Returned


class VirtualClock:
    """The clock port of one replay; each method that tells time walks its own recorded answers."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._recorded: dict[str, list[Outcome]] = {}
        self._slept_before: dict[str, float] = {}
        slept_s = 0.0
        for entry in entries:
            if entry.method.sleeps:
                slept_s += seconds_of(entry.args, entry.kwargs)
            elif entry.outcome is not None:
                self._slept_before.setdefault(entry.method.name, slept_s)
                self._recorded.setdefault(entry.method.name, []).append(entry.outcome)
        self._asked: dict[str, int] = {}
        self._last: dict[str, tuple[Any, float]] = {}
        self._slept_s = 0.0

    def sleep(self, seconds: float) -> None:
        """Later answers are at least this much later; raises ValueError for a negative length."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self._slept_s += seconds

    def now(self, method: str) -> Outcome | None:
        """The next recorded answer, or the last one plus what was slept since; None if none was recorded."""
        recorded = self._recorded.get(method)
        if recorded is None:
            return None
        told = self._asked.get(method, 0)
        self._asked[method] = told + 1
        outcome = recorded[min(told, len(recorded) - 1)]
        if not isinstance(outcome, Returned):
            return outcome
        return Returned(self._not_before(method, outcome.value))

    def peek(self, method: str) -> Outcome | None:
        """The present moment, without taking a recorded answer."""
        recorded = self._recorded.get(method)
        if recorded is None:
            return None
        if method in self._last:
            value, slept_s = self._last[method]
            return Returned(_later(value, self._slept_s - slept_s))
        first = recorded[0]
        return Returned(_later(first.value, self._ahead(method))) if isinstance(first, Returned) else first

    def _ahead(self, method: str) -> float:
        """How much longer this path slept before it first asked than the recorded one had."""
        return max(0.0, self._slept_s - self._slept_before[method])

    def _not_before(self, method: str, value: Any) -> Any:
        if method in self._last:
            last, slept_s = self._last[method]
            value = max(value, _later(last, self._slept_s - slept_s))
        else:
            value = _later(value, self._ahead(method))
        self._last[method] = (value, self._slept_s)
        return value


def seconds_of(args: Args, kwargs: Kwargs) -> float:
    """The length of a sleep, its first argument."""
    length = args[0] if args else next(iter(kwargs.values()), 0.0)
    return length.total_seconds() if isinstance(length, timedelta) else float(length)


def _later(moment: Any, seconds: float) -> Any:
    if not seconds:
        return moment
    if isinstance(moment, date):
        return moment + timedelta(seconds=seconds)
    return moment + type(moment)(seconds)
