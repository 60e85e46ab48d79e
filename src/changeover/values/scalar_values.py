"""Readings of scalars: a value of a derived class is its base's content and its own attributes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import EllipsisType, NotImplementedType
from typing import Any
from uuid import UUID

from changeover.values.own_state import has_state, layout_base, mro, state_reader
from changeover.values.shapes import Reading, Shape


def plain_class(cls: type, name: str) -> type:
    """The class of the standard library, also where a tool has put another one in its place."""
    return next(base for base in cls.__mro__ if name in base.__dict__)


# Kept out of reach of tools that put another clock in the place of every module's `datetime`.
_DATE, _DATETIME, _TIME, _TIMEDELTA = [
    dict[str, Any]({"class": plain_class(cls, name)})
    for cls, name in ((date, "year"), (datetime, "hour"), (time, "hour"), (timedelta, "days"))
]
_OF_DATE = tuple(_DATE["class"].__dict__[name].__get__ for name in ("year", "month", "day"))
_CLOCK = ("hour", "minute", "second", "microsecond")
_OF_DATETIME = tuple(_DATETIME["class"].__dict__[name].__get__ for name in (*_CLOCK, "tzinfo"))
_OF_TIME = tuple(_TIME["class"].__dict__[name].__get__ for name in (*_CLOCK, "tzinfo"))
_OF_TIMEDELTA = tuple(
    _TIMEDELTA["class"].__dict__[name].__get__ for name in ("days", "seconds", "microseconds")
)
_DATETIME_FOLD = _DATETIME["class"].__dict__["fold"].__get__
_TIME_FOLD = _TIME["class"].__dict__["fold"].__get__
_UUID_INT = UUID.__dict__["int"].__get__
_UUID = {"class": UUID}
_WHOLE = slice(None)


def _itself(value: Any) -> Any:
    return value


def plain_date(value: date, cls: type | None = None) -> date:
    """The day that a date of any class is, as a date itself."""
    made: date = date.__new__(cls or _DATE["class"], *[read(value) for read in _OF_DATE])
    return made


def plain_datetime(value: datetime) -> datetime:
    """The moment that a datetime of any class is, as a datetime itself, with its zone and fold."""
    day, clock = [read(value) for read in _OF_DATE], [read(value) for read in _OF_DATETIME]
    made: datetime = _DATETIME["class"](*day, *clock, fold=_DATETIME_FOLD(value))
    return made


def plain_time(value: time) -> time:
    """The time that a time of any class is, as a time itself, with its zone and fold."""
    made: time = _TIME["class"](*[read(value) for read in _OF_TIME], fold=_TIME_FOLD(value))
    return made


def plain_timedelta(value: timedelta) -> timedelta:
    """The duration that a timedelta of any class is, as a timedelta itself."""
    made: timedelta = _TIMEDELTA["class"](*[read(value) for read in _OF_TIMEDELTA])
    return made


def plain_uuid(value: UUID) -> UUID:
    """The identifier that a UUID of any class is, as a UUID itself."""
    made: UUID = _UUID["class"](int=_UUID_INT(value))
    return made


_CONTENT: dict[type, Callable[[Any], Any]] = {
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    Decimal: Decimal,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, _WHOLE),
    bytearray: lambda value: bytearray.__getitem__(value, _WHOLE),
    datetime: plain_datetime,
    date: plain_date,
    time: plain_time,
    timedelta: plain_timedelta,
    UUID: plain_uuid,
}
"""How the content of a derived class is had as a value of the class itself."""

_CLOSED: tuple[type, ...] = (Enum, PurePath, type, bool, type(None), EllipsisType, NotImplementedType)
"""Scalars that are themselves, whatever their class: members, paths, classes, constants."""

_MUTABLE = frozenset({bytearray})


def _made_datetime(cls: type, parts: datetime, _: Any) -> Any:
    day, clock = [read(parts) for read in _OF_DATE], [read(parts) for read in _OF_DATETIME]
    return _DATETIME["class"].__new__(cls, *day, *clock, fold=_DATETIME_FOLD(parts))


_MAKE: dict[type, Callable[[type, Any, Any], Any]] = {
    datetime: _made_datetime,
    date: lambda cls, parts, _: plain_date(parts, cls),
    time: lambda cls, parts, _: _TIME["class"].__new__(
        cls, *[read(parts) for read in _OF_TIME], fold=_TIME_FOLD(parts)
    ),
    timedelta: lambda cls, parts, _: _TIMEDELTA["class"].__new__(
        cls, *[read(parts) for read in _OF_TIMEDELTA]
    ),
    UUID: lambda cls, parts, _: _made_uuid(cls, parts),
}


def _made_uuid(cls: type, parts: UUID) -> Any:
    made: Any = object.__new__(cls)
    for name in ("int", "is_safe"):
        member = UUID.__dict__[name]
        member.__set__(made, member.__get__(parts))
    return made


def _made(cls: type, parts: Any, _: Any) -> Any:
    base: Any = layout_base(cls)
    made: Any = base.__new__(cls, parts)
    if base is bytearray:
        bytearray.extend(made, parts)
    return made


def _uuid_state(cls: type) -> Callable[[Any], dict[Any, Any]]:
    read = state_reader(cls)
    return lambda value: {
        name: part for name, part in read(value).items() if name not in ("int", "is_safe", "__weakref__")
    }


def scalar_reading(cls: type) -> Reading | None:
    """The reading of a class that is a scalar or derived from one, else None."""
    bases = mro(cls)
    for base in _CLOSED:
        if base in bases:
            return Reading(Shape.SCALAR, _itself, scalar=base, is_atom=True)
    base = next((base for base in bases if base in _CONTENT), object)
    if base is object:
        if tzinfo in bases:
            return Reading(Shape.SCALAR, _itself, scalar=tzinfo, is_atom=True)
        return None
    if cls is base:
        return Reading(Shape.SCALAR, _itself, scalar=base, make=_made, is_atom=base not in _MUTABLE)
    adds = has_state(cls)
    state = _uuid_state(cls) if base is UUID else state_reader(cls)
    return Reading(
        Shape.SCALAR,
        _CONTENT[base],
        scalar=base,
        state=state if adds else None,
        make=_MAKE.get(base, _made),
        is_atom=not adds and base not in _MUTABLE,
    )
