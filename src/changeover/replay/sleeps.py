"""What sleeping gave in a recording: mostly nothing, but a wait may tell whether it was in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

from changeover.record.context import Args, Kwargs
from changeover.record.tape import Entry
from changeover.values.atom_types import ATOMS
from changeover.values.observation import Outcome, Raised, Returned

_UNITS = {"_ns": 1e9, "_us": 1e6, "_ms": 1e3}


class Sleeps:
    """The sleeps of one recorded clock: one that was recorded ends in a replay as it ended there.

    One that is other than the recorded ones ends as all of them did, where they were alike.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._ended: dict[str, list[Outcome]] = {}
        self._as: dict[Any, list[Outcome]] = {}
        self._asked: Counter[Any] = Counter()
        for entry in entries:
            if entry.method.sleeps and entry.outcome is not None:
                name = entry.method.name
                self._ended.setdefault(name, []).append(entry.outcome)
                self._as.setdefault(_key(name, entry.args, entry.kwargs), []).append(entry.outcome)

    def end(self, method: str, args: Args, kwargs: Kwargs) -> Outcome:
        """How a sleep of the replayed path ends."""
        key = _key(method, args, kwargs)
        known = self._as.get(key)
        if known is not None:
            number = self._asked[key]
            self._asked[key] += 1
            return known[min(number, len(known) - 1)]
        if given_seconds(args, kwargs) < 0:
            return Raised(ValueError("sleep length must be non-negative"))
        others = self._ended.get(method, [])
        if not others or not _are_alike(others):
            return Returned(None)
        return others[0]


def seconds_of(method: str, args: Args, kwargs: Kwargs) -> float:
    """How long a sleep is, by the number that it is given; 0 where it is given none."""
    return max(0.0, given_seconds(args, kwargs)) / unit_of(method)


def unit_of(method: str) -> float:
    """How many of the units of a method a second has, by the end of its name."""
    return _UNITS.get(method[-3:], 1.0)


def given_seconds(args: Args, kwargs: Kwargs) -> float:
    """The first number or length that a sleep is given, which may be negative."""
    for length in (*args, *kwargs.values()):
        if isinstance(length, timedelta):
            return length.total_seconds()
        if isinstance(length, Real | Decimal) and not isinstance(length, bool):
            return float(length)
    return 0.0


def _key(method: str, args: Args, kwargs: Kwargs) -> Any:
    parts = (*((None, one) for one in args), *sorted(kwargs.items()))
    return method, tuple((name, type(one), repr(one) if type(one) in ATOMS else "") for name, one in parts)


def _are_alike(outcomes: list[Outcome]) -> bool:
    values = [one.value for one in outcomes if isinstance(one, Returned) and type(one.value) in ATOMS]
    return len(values) == len(outcomes) and len({(type(one), repr(one)) for one in values}) == 1
