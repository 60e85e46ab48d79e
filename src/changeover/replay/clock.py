"""Time in a replay: recorded moments in their order, and sleeping that takes no time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from changeover.record.context import Args, Kwargs
from changeover.record.tape import Entry
from changeover.replay.sleeps import Sleeps, seconds_of, unit_of
from changeover.values.atom_types import ATOMS
from changeover.values.observation import Outcome, Returned


class _Recorded(NamedTuple):
    """One answer, and how many seconds the recorded path had slept by then."""

    outcome: Outcome
    slept_s: float


class _Shown(NamedTuple):
    """The moment that the path was last told anew, and how long it had slept by then."""

    value: Any
    slept_s: float


class VirtualClock:
    """The clock port of one replay; each method that tells time walks its own recorded answers.

    A path that sleeps longer than the recorded one is told later moments, and one that asks more often the
    last moment plus what it slept since. Where the recorded clock was set back it is set back here as well.
    Moments are compared as instants: a local hour that comes twice is two hours.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._recorded: dict[str, list[_Recorded]] = {}
        self._sleeps = Sleeps(entries)
        slept_s = 0.0
        for entry in entries:
            if entry.method.sleeps:
                slept_s += seconds_of(entry.method.name, entry.args, entry.kwargs)
            elif entry.outcome is not None:
                answers = self._recorded.setdefault(entry.method.name, [])
                answers.append(_Recorded(entry.outcome, slept_s))
        self._asked: dict[str, int] = {}
        self._last: dict[str, _Shown] = {}
        self._presents: dict[str, tuple[_Shown, float, Any]] = {}  # of values that cannot change
        self._slept_s = 0.0

    def sleep(self, method: str, args: Args, kwargs: Kwargs) -> Outcome:
        """Later answers are at least this much later; it ends as the recorded one did."""
        self._slept_s += seconds_of(method, args, kwargs)
        return self._sleeps.end(method, args, kwargs)

    def begin(self, method: str, outcome: Outcome) -> None:
        """A method that the recorded path never asked has told the time once; it goes on from there."""
        if method not in self._recorded:
            self._recorded[method] = [_Recorded(outcome, self._slept_s)]
            self._asked[method] = 1
            if isinstance(outcome, Returned):
                self._last[method] = _Shown(outcome.value, self._slept_s)

    def now(self, method: str) -> Outcome | None:
        """The next recorded answer, or the last one plus what was slept since; None if none was recorded."""
        recorded = self._recorded.get(method)
        if recorded is None:
            return None
        asked = self._asked.get(method, 0)
        self._asked[method] = asked + 1
        if asked >= len(recorded):
            ended = recorded[-1].outcome
            return ended if method not in self._last else Returned(self._present(method))
        answer = recorded[asked]
        if not isinstance(answer.outcome, Returned):
            return answer.outcome
        before = recorded[asked - 1] if asked else None
        return Returned(self._told(method, answer, before))

    def peek(self, method: str) -> Outcome | None:
        """The present moment, without taking a recorded answer."""
        recorded = self._recorded.get(method)
        if recorded is None:
            return None
        if method in self._last:
            return Returned(self._present(method))
        first = recorded[0]
        if not isinstance(first.outcome, Returned):
            return first.outcome
        return Returned(_later(first.outcome.value, self._ahead(first), method))

    def _ahead(self, answer: _Recorded) -> float:
        """How much longer this path has slept than the recorded one had when it was told this."""
        return max(0.0, self._slept_s - answer.slept_s)

    def _present(self, method: str) -> Any:
        last = self._last[method]
        known = self._presents.get(method)
        if known is not None and known[0] is last and known[1] == self._slept_s:
            return known[2]
        present = _later(last.value, self._slept_s - last.slept_s, method)
        if type(present) in ATOMS:
            self._presents[method] = last, self._slept_s, present
        return present

    def _told(self, method: str, answer: _Recorded, before: _Recorded | None) -> Any:
        value = answer.outcome.give()
        if method in self._last and before is not None and not _was_set_back(before, answer, method):
            present = self._present(method)
            if _is_before(value, present):
                return present  # `_last` stays: what is slept in small steps adds up exactly
            self._last[method] = _Shown(value, self._slept_s)
            return value
        value = _later(value, self._ahead(answer), method)
        self._last[method] = _Shown(value, self._slept_s)
        return value


def _was_set_back(before: _Recorded, after: _Recorded, method: str) -> bool:
    """Whether less time passed between two recorded answers than was slept."""
    if not isinstance(before.outcome, Returned):
        return True
    least = _later(before.outcome.value, after.slept_s - before.slept_s, method)
    return _is_before(after.outcome.give(), least)


def _is_before(one: Any, other: Any) -> bool:
    try:
        return bool(_instant(one) < _instant(other))
    except Exception:  # noqa: BLE001  moments of a program's own type, in no order
        return False


def _instant(moment: Any) -> Any:
    if isinstance(moment, datetime) and moment.utcoffset() is not None:
        return moment.astimezone(UTC)
    return moment


def _later(moment: Any, seconds: float, method: str) -> Any:
    if not seconds:
        return moment
    try:
        if isinstance(moment, datetime) and moment.utcoffset() is not None:
            return (moment.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(moment.tzinfo)
        if isinstance(moment, date | timedelta):
            return moment + timedelta(seconds=seconds)
        if isinstance(moment, time):
            whole = datetime.combine(date(2000, 1, 1), moment) + timedelta(seconds=seconds)
            return whole.timetz()
        return moment + type(moment)(seconds * unit_of(method))
    except Exception:  # noqa: BLE001  a moment of a program's own type, to which nothing can be added
        return moment
