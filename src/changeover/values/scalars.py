"""When two scalars are the same: a token per scalar, equal exactly where the scalars count as equal.

One definition serves the walk, the joins and the sets. `strict` keeps the exact type, and the offset from UTC
of a moment; `numeric` reads int, float and Decimal (never bool) as one number; `loose` also reads an enum as
its value, and text, UUIDs, paths and points in time as what they are written as ("1.0" is 1, "2016-03-01" is
that date). `question` is the coarser key by which a recorded read is looked up: a moment is its instant, a
value of a derived class without attributes one of the class itself. A float counts as the shortest decimal
that names it, so `0.1` is `Decimal("0.1")` where types do not matter.

A value of a derived class is what its base type holds, whatever its own operators say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from contextlib import suppress
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum, EnumMeta
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from changeover.values.addresses import without_addresses
from changeover.values.limits import INTEGER_BITS_MAX, TEXT_MAX, LimitReached, too_long
from changeover.values.made_classes import made_class_key
from changeover.values.own_state import class_name, mro, own_state, set_state
from changeover.values.reading import reading_of
from changeover.values.scalar_values import plain_class, plain_datetime, plain_time
from changeover.values.shapes import Handle

Types = Literal["strict", "numeric", "loose"]

_NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBERS = frozenset({int, float, Decimal})
# An instance, not the class: tools that put another clock in place of `datetime` replace the class.
_BEGINNING = datetime.min
_ZERO = timedelta(0)
_DATETIME, _TIME = [{"class": plain_class(cls, "utcoffset")} for cls in (datetime, time)]
_datetime_offset, _time_offset = [one["class"].__dict__["utcoffset"] for one in (_DATETIME, _TIME)]
_utc_offset: dict[type, Callable[[Any], timedelta | None]] = {
    _DATETIME["class"]: _datetime_offset,
    _TIME["class"]: _time_offset,
}
DIGITS_SHOWN_MAX = 4_000
_ENDS = 12


def base_of(cls: type) -> type | None:
    """The scalar type that a class is or extends, None where it is no scalar."""
    return reading_of(cls).scalar


def content_of(value: Any) -> Any:
    """A scalar as a value of the scalar type that its class is or extends."""
    return reading_of(type(value)).parts(value)


def token(
    value: Any, base: type, types: Types, *, question: bool = False, instants: bool = False
) -> Hashable:
    """What stands for this scalar in comparisons; `base` is `base_of(type(value))`.

    With `instants` a moment is its instant, whatever its offset from UTC.
    """
    cls = type(value)
    content = value if cls is base else content_of(value)
    if types != "strict":
        if base in _NUMBERS:
            return _number_token(number(value))
        if types == "loose" and base in _LOOSE:
            return _LOOSE[base](content)
    if base in _MOMENTS:
        plain = _MOMENTS[base](content, question or instants)
    else:
        plain = _STRICT[base](content) if base in _STRICT else content
    if base is tzinfo:
        return ("zone", plain)  # whichever class says so
    if not question:
        return (class_key(cls), plain)
    if base is str or base is int:
        return plain
    return (class_name(cls) if base in (Enum, Handle) else base.__name__, plain)


def class_key(cls: type) -> Hashable:
    """What stands for a class, whatever its metaclass says about equality."""
    return made_class_key(cls) or (cls if type(cls) in _PLAIN_METACLASSES else ClassKey(cls))


def _class(cls: type) -> Hashable:
    return made_class_key(cls) or ClassKey(cls)


class ClassKey:
    """A class as a key: the very same class, under its name."""

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __hash__(self) -> int:
        return id(self.cls) >> 4

    def __eq__(self, other: object) -> bool:
        return type(other) is ClassKey and other.cls is self.cls

    def __repr__(self) -> str:
        return class_name(self.cls)


_PLAIN_METACLASSES = frozenset({type, EnumMeta})


def number(value: Any) -> Decimal:
    """An int, float or Decimal as the decimal it is written as; NaN and infinities stay what they are."""
    content = content_of(value)
    if type(content) is Decimal:
        return content
    if type(content) is float:
        return Decimal(float.__repr__(content))
    if content.bit_length() > INTEGER_BITS_MAX:
        raise LimitReached("INTEGER_BITS_MAX", INTEGER_BITS_MAX, "bits in a whole number")
    return Decimal(content)


def is_number(value: Any) -> bool:
    """True for int, float and Decimal; a bool is not a number."""
    return reading_of(type(value)).scalar in _NUMBERS


def is_aware(moment: Any) -> bool:
    """True where the moment knows its offset from UTC; a zone that gives none does not count."""
    return offset_of(moment) is not None


def offset_of(moment: Any) -> timedelta | None:
    """The offset from UTC of a datetime or time."""
    base = base_of(type(moment))
    return None if base not in _utc_offset else _utc_offset[base](content_of(moment))


def text(value: Any) -> str:
    """A scalar as its base type writes it; a whole number of very many digits by its ends."""
    base = base_of(type(value))
    content: Any = content_of(value) if base is not None else class_name(type(value))
    if base is int and content.bit_length() > DIGITS_SHOWN_MAX:
        return _long_number(content)
    if base is Enum:
        return str(_enum(value))
    if base is PurePath:
        return _path(value)
    if base is type:
        return class_name(value)
    if base is tzinfo:
        return str(_zone(value))
    if base is Decimal and content.is_finite() and abs(content.adjusted()) < DIGITS_SHOWN_MAX:
        return f"{content:f}"
    if base in (date, *_MOMENTS):
        return str(content.isoformat())
    return content if type(content) is str else str(content)


def _long_number(value: int) -> str:
    sign, size = ("-" if value < 0 else ""), abs(value)
    digits = int(size.bit_length() * 0.30102999566398120) + 1
    digits -= size < 10 ** (digits - 1)
    first = size // 10 ** (digits - _ENDS)
    return f"{sign}{first}…{size % 10**_ENDS:0{_ENDS}d} ({digits:,} digits)"


_NAN = "NaN"


def _number_token(value: Decimal) -> Hashable:
    return ("number", _NAN if value.is_nan() else value)


def _float(value: float) -> Hashable:
    return _NAN if value != value else value


def _decimal(value: Decimal) -> Hashable:
    if value.is_snan():
        return "sNaN"
    return _NAN if value.is_nan() else value


def _datetime(value: datetime, question: bool) -> Hashable:
    # Two moments with one zone object compare by wall clock in Python, whichever fold they stand in, and a
    # moment in a fold equals none of another zone: the instant is the only reading that is an equality.
    offset = _datetime_offset(value)
    wall = value.replace(tzinfo=None, fold=0) - _BEGINNING
    if offset is None:
        return ("naive", wall, value.fold)
    return ("aware", wall - offset) if question else ("aware", wall - offset, offset)


def _time(value: time, question: bool) -> Hashable:
    wall = timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    offset = _time_offset(value)
    if offset is None:
        return ("naive", wall, value.fold)
    return ("aware", wall - offset) if question else ("aware", wall - offset, offset)


_MOMENTS: dict[type, Callable[[Any, bool], Hashable]] = {
    _DATETIME["class"]: _datetime,
    _TIME["class"]: _time,
}


def same_instant(one: Any, other: Any) -> bool:
    """Whether two aware moments of one class are the same instant, with any offset from UTC."""
    base = base_of(type(one))
    if base not in _MOMENTS or type(one) is not type(other) or not (is_aware(one) and is_aware(other)):
        return False
    return token(one, base, "strict", question=True) == token(other, base, "strict", question=True)


def _text(value: str) -> Hashable:
    if len(value) > TEXT_MAX:
        raise too_long()
    return without_addresses(value)


def _bytes(value: bytes | bytearray) -> Hashable:
    if len(value) > TEXT_MAX:
        raise too_long()
    return bytes(value)


def _enum(value: Enum) -> Any:
    # A combination of flags may have no name; its value is then a whole number.
    state = own_state(value)
    name = state.get("_name_")
    return state.get("_value_") if name is None else name


_PATHS = (PurePosixPath, PureWindowsPath)


def _path(value: PurePath) -> str:
    # Asked of a twin: a path remembers in itself what it was asked.
    base = next((base for base in _PATHS if base in mro(type(value))), PurePosixPath)
    twin = object.__new__(base)
    set_state(twin, own_state(value))
    return PurePath.__str__(twin)


def _zone(value: tzinfo) -> Hashable:
    cls = type(value)
    if cls is ZoneInfo or ZoneInfo in mro(cls):
        key = ZoneInfo.__dict__["key"].__get__(value)
        return "UTC" if key in ("UTC", "Etc/UTC") else key or _offsets(value)
    if cls.__module__.partition(".")[0] == "pytz":
        name = getattr(value, "zone", None)
        return name if type(name) is str else str(offset_text(value.utcoffset(None)))
    offset = _without_moment(value)
    if offset is not None:
        return offset_text(offset)
    # A zone with summer time, of another library or of the program: by what it says of itself.
    state = own_state(value).items()
    told = {name: part for name, part in state if type(part) in (str, int, timedelta)}
    return (class_name(cls), *sorted(map(str, told.items())))


_ASKED_FOR = tuple(datetime(year, month, 1) for year in range(1970, 2038) for month in (1, 7))


def _offsets(zone: Any) -> Hashable:
    """What tells a zone that was read from a file and has no name: its offsets, winter and summer."""
    return ("without a name", *(offset_text(ZoneInfo.utcoffset(zone, moment)) for moment in _ASKED_FOR))


def _without_moment(zone: tzinfo) -> timedelta | None:
    try:
        return zone.utcoffset(None)
    except Exception:  # noqa: BLE001  a class of the program that must know the moment
        return None


def offset_text(offset: timedelta | None) -> str:
    """An offset from UTC; UTC itself by its name."""
    return "UTC" if offset == _ZERO else str(offset)


_STRICT: dict[type, Callable[[Any], Hashable]] = {
    float: _float,
    complex: lambda value: (_float(value.real), _float(value.imag)),
    Decimal: _decimal,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    date: lambda value: value.toordinal(),
    Enum: _enum,
    PurePath: _path,
    type: _class,
    tzinfo: _zone,
    UUID: lambda value: value.int,
    Handle: lambda name: name,
}


def _loose_enum(value: Enum) -> Hashable:
    inside = own_state(value).get("_value_")
    base = base_of(type(inside))
    return (class_key(type(value)), _enum(value)) if base is None else token(inside, base, "loose")


def _loose_text(value: str) -> Hashable:
    if len(value) > TEXT_MAX:
        raise too_long()
    if _NUMBER.fullmatch(value):
        return _number_token(Decimal(value))
    if _DAY.match(value):
        # What looks like a date and is none stays text.
        with suppress(ValueError):
            return ("date", date.fromisoformat(value).toordinal())
        with suppress(ValueError):
            return ("datetime", _datetime(plain_datetime(datetime.fromisoformat(value)), True))
    return ("text", without_addresses(value))


_LOOSE: dict[type, Callable[[Any], Hashable]] = {
    Enum: _loose_enum,
    str: _loose_text,
    UUID: lambda value: _loose_text(str(value)),
    PurePath: lambda value: _loose_text(_path(value)),
    date: lambda value: ("date", value.toordinal()),
    _DATETIME["class"]: lambda value: ("datetime", _datetime(value, True)),
    _TIME["class"]: lambda value: ("time", _time(plain_time(value), True)),
}
