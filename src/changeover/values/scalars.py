"""When two scalars are the same: a token per scalar, equal exactly where the scalars count as equal.

One definition serves the walk, the joins and the sets. `strict` keeps the exact type; `numeric` reads int,
float and Decimal (never bool) as one number; `loose` also reads an enum as its value, and text, UUIDs, paths
and points in time as what they are written as ("1.0" is 1, "2016-03-01" is that date). A float counts as
the shortest decimal that names it, so `0.1` is `Decimal("0.1")` where types do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import EllipsisType, NotImplementedType
from typing import Any, Literal
from uuid import UUID

from changeover.values.limits import INTEGER_BITS_MAX, TEXT_MAX, LimitReached, too_long

Types = Literal["strict", "numeric", "loose"]

SCALAR_TYPES: tuple[type, ...] = (
    *(Enum, bool, int, float, complex, Decimal),
    *(str, bytes, bytearray),
    *(datetime, date, time, timedelta),
    *(UUID, PurePath, type),
    *(type(None), EllipsisType, NotImplementedType),
)
"""A value of one of these, or of a subclass, is a leaf; the first that fits is what it is."""

_NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _OwnEquality:
    """A scalar of a subclass with an `==` of its own, which may know more than the base type shows."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(type(self.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OwnEquality) and bool(self.value == other.value)


def base_of(cls: type) -> type | None:
    """The scalar type that a class is or extends, None where it is no scalar."""
    return next((base for base in SCALAR_TYPES if issubclass(cls, base)), None)


def token(value: Any, base: type, types: Types) -> Hashable:
    """What stands for this scalar in comparisons; `base` is `base_of(type(value))`."""
    if types != "strict":
        if base in (int, float, Decimal):
            return _number_token(number(value))
        if types == "loose" and base in _LOOSE:
            return _LOOSE[base](value)
    cls = type(value)
    plain = _STRICT[base](value) if base in _STRICT else value
    if cls is base or cls.__eq__ is base.__eq__ or base in (Enum, PurePath, type) or plain is _NAN:
        return (cls, plain)
    return (cls, plain, _OwnEquality(value))


def number(value: Any) -> Decimal:
    """An int, float or Decimal as the decimal it is written as; NaN and infinities stay what they are."""
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(float.__repr__(value))
    if int(value).bit_length() > INTEGER_BITS_MAX:
        raise LimitReached("INTEGER_BITS_MAX", INTEGER_BITS_MAX, "bits in a whole number")
    return Decimal(int(value))


def is_number(value: Any) -> bool:
    """True for int, float and Decimal; a bool is not a number."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, (bool, Enum))


def is_aware(moment: datetime | time) -> bool:
    """True where the moment knows its offset from UTC; a zone that gives none does not count."""
    return moment.utcoffset() is not None


_NAN = "NaN"


def _number_token(value: Decimal) -> Hashable:
    return ("number", _NAN if value.is_nan() else value)


def _float(value: float) -> Hashable:
    return _NAN if value != value else float(value)


def _decimal(value: Decimal) -> Hashable:
    if value.is_snan():
        return "sNaN"
    return _NAN if value.is_nan() else Decimal(value)


def _datetime(value: datetime) -> Hashable:
    # Two moments with one zone object compare by wall clock in Python, whichever fold they stand in, and a
    # moment in a fold equals none of another zone: the instant is the only reading that is an equality.
    wall = value.replace(tzinfo=None, fold=0) - datetime.min
    offset = value.utcoffset()
    return ("naive", wall, value.fold) if offset is None else ("aware", wall - offset)


def _time(value: time) -> Hashable:
    wall = timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    offset = value.utcoffset()
    return ("naive", wall, value.fold) if offset is None else ("aware", wall - offset)


def _text(value: str) -> Hashable:
    if len(value) > TEXT_MAX:
        raise too_long()
    return str.__str__(value)


def _bytes(value: bytes | bytearray) -> Hashable:
    if len(value) > TEXT_MAX:
        raise too_long()
    return bytes(value)


def _enum(value: Enum) -> Any:
    # A combination of flags may have no name; its value is then a whole number.
    return value.value if value.name is None else value.name


_STRICT: dict[type, Callable[[Any], Hashable]] = {
    int: int,
    float: _float,
    complex: lambda value: (_float(value.real), _float(value.imag)),
    Decimal: _decimal,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    datetime: _datetime,
    date: lambda value: value.toordinal(),
    time: _time,
    Enum: _enum,
}


def _loose_enum(value: Enum) -> Hashable:
    base = base_of(type(value.value))
    return (type(value), _enum(value)) if base is None else token(value.value, base, "loose")


def _loose_text(value: Any) -> Hashable:
    text = str(value)
    if len(text) > TEXT_MAX:
        raise too_long()
    if _NUMBER.fullmatch(text):
        return _number_token(Decimal(text))
    if _DAY.match(text):
        # What looks like a date and is none stays text.
        with suppress(ValueError):
            return ("date", date.fromisoformat(text).toordinal())
        with suppress(ValueError):
            return ("datetime", _datetime(datetime.fromisoformat(text)))
    return ("text", text)


_LOOSE: dict[type, Callable[[Any], Hashable]] = {
    Enum: _loose_enum,
    str: _loose_text,
    UUID: _loose_text,
    PurePath: _loose_text,
    date: lambda value: ("date", value.toordinal()),
    datetime: lambda value: ("datetime", _datetime(value)),
}
