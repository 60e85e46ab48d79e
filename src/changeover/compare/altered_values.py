"""A value altered in one place at a time: in its plain form, or in its own types."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from changeover.values.form import PlainSet
from changeover.values.limits import DEPTH_MAX
from changeover.values.place import Key, Place
from changeover.values.reading import Shape, reading_of

Altered = tuple[Place, str, Any]
"""Where it was altered, what was done there, the altered value."""
_Alter = Callable[[Any, Place], Iterator[Altered]]
_FAR = 1_000_003
"""Further than any tolerance that could be meant."""


def altered_values(value: Any, place: Place) -> Iterator[Altered]:
    """A value in plain form, altered in one place at a time: place, what was done, the altered value."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            below = (*place, Key(name))  # of a mapping, perhaps: then it may be a code or an identifier
            yield below, "dropped", {key: other for key, other in value.items() if key is not name}
            for at, change, other in altered_values(part, below):
                yield at, change, {**value, name: other}
    elif isinstance(value, (list, PlainSet)):
        pack = list if isinstance(value, list) else _set
        yield from _altered_rows(list(value), pack, place, altered_values)
    else:
        yield place, "changed", altered_leaf(value)


def _set(members: list[Any]) -> PlainSet:
    return PlainSet(tuple(members))


def altered_leaf(value: Any) -> Any:
    """Another value of the same type, far from this one; for a type that has none, a text."""
    reading = reading_of(type(value))
    if reading.make is not None and reading.scalar not in (None, type(value)):
        return reading.make(type(value), altered_leaf(reading.parts(value)), {})
    if isinstance(value, Enum):
        return next((member for member in type(value) if member is not value), "altered")
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return Decimal(_FAR) if not value.is_finite() or abs(value) < _FAR else Decimal(-_FAR)
    if isinstance(value, (int, float)):
        return type(value)(_FAR) if abs(value) < _FAR or value != value else type(value)(-_FAR)
    if isinstance(value, str):
        return f"{value}~"
    if isinstance(value, (bytes, bytearray)):
        return value + b"~"
    if isinstance(value, (date, datetime)):
        days = timedelta(days=1_000)
        return value - days if value.year > 5_000 else value + days
    if isinstance(value, time):
        return value.replace(hour=(value.hour + 1) % 24)
    if isinstance(value, timedelta):
        return value - timedelta(days=1_000) if value.days > 0 else value + timedelta(days=1_000)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, PurePath):
        return value / "~"
    return "altered"


def altered_answers(value: Any, place: Place, depth: int) -> Iterator[Altered]:
    """The value with one part of it changed or dropped, as a value of the same types."""
    if depth > DEPTH_MAX:
        return
    cls = type(value)
    names = None if isinstance(value, (Mapping, list, tuple, set, frozenset)) else _names_of(value)
    if isinstance(value, Mapping) and hasattr(cls, "__setitem__"):
        yield from _altered_mapping(value, place, depth)
    elif cls in (list, tuple):
        yield from _altered_rows(
            list(value), cls, place, lambda part, below: altered_answers(part, below, depth + 1)
        )
    elif isinstance(value, tuple) and hasattr(cls, "_fields"):
        for name in cls._fields:
            for at, change, other in altered_answers(getattr(value, name), (*place, name), depth + 1):
                yield at, change, cls(*(other if one == name else getattr(value, one) for one in cls._fields))
    elif cls in (set, frozenset):
        for index, member in enumerate(value):
            yield (*place, index), "dropped", cls(one for one in value if one is not member)
    elif names is not None:
        for name in names:
            for at, change, other in altered_answers(getattr(value, name), (*place, name), depth + 1):
                changed = copy.copy(value)
                object.__setattr__(changed, name, other)
                yield at, change, changed
    else:
        yield place, "changed", altered_leaf(value)


def _altered_mapping(value: Mapping[Any, Any], place: Place, depth: int) -> Iterator[Altered]:
    for key, part in value.items():
        below = (*place, Key(key))
        without: Any = copy.copy(value)
        del without[key]
        yield below, "dropped", without
        for at, change, other in altered_answers(part, below, depth + 1):
            changed: Any = copy.copy(value)
            changed[key] = other
            yield at, change, changed


def _altered_rows(
    rows: list[Any], pack: Callable[[list[Any]], Any], place: Place, altered: _Alter
) -> Iterator[Altered]:
    for index, part in enumerate(rows):
        before, after = rows[:index], rows[index + 1 :]
        yield (*place, index), "dropped", pack(before + after)
        for at, change, other in altered(part, (*place, index)):
            yield at, change, pack([*before, other, *after])


def _names_of(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, type) or callable(value) or isinstance(value, BaseException):
        return None
    reading = reading_of(type(value))
    if reading.shape is not Shape.NAMES or reading.mapping:
        return None
    return tuple(name for name in reading.parts(value) or () if type(name) is str) or None
