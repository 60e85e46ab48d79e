"""Scalars of the standard library as tagged JSON and back; bounded, since data may be anything."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from re import Pattern
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from changeover.values.limits import INTEGER_BITS_MAX
from changeover.values.scalar_values import plain_class
from changeover.values.scalars import text as content_text

TAG = "$"
WHOLE_BITS_MAX = 10_000
"""A longer whole number is written in hexadecimal: Python reads decimal ones only up to a limit."""
_FRACTION = re.compile(r"[+-]?\d{1,4000}(/\d{1,4000})?", re.ASCII)
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)
_ZONE_NAME_MAX = 100
# Kept out of reach of tools that put another clock in the place of every module's `datetime`.
_CLASSES: dict[str, Any] = {
    "date": plain_class(date, "year"),
    "datetime": plain_class(datetime, "hour"),
    "time": time,
}
MOMENTS = frozenset({_CLASSES["datetime"], _CLASSES["time"]})
"""The classes of what has a time of the day, and may have a zone."""
_HEXADECIMAL = re.compile(r"-?0x[0-9a-f]+")


def named_zone(name: str) -> ZoneInfo:
    """A zone of the system's by its name; raises ValueError for what can be none."""
    if type(name) is not str or len(name) > _ZONE_NAME_MAX or not _ZONE_NAME.fullmatch(name):
        raise ValueError("a time zone has another name than this")
    try:
        return ZoneInfo(name)
    except Exception as error:
        raise ValueError(f"this system has no time zone {name}") from error


def _zoned(data: dict[str, Any], read: Callable[[str], Any]) -> Any:
    moment = read(data["v"])
    if "zone" in data:
        moment = moment.replace(tzinfo=named_zone(data["zone"]))
    elif "name" in data:
        moment = moment.replace(tzinfo=timezone(moment.utcoffset(), data["name"]))
    return moment.replace(fold=1) if data.get("fold") else moment


def _moment(moment: datetime | time) -> dict[str, Any] | None:
    """None for a zone that has a class of its own."""
    zone: tzinfo | None = moment.tzinfo
    extra: dict[str, Any] = {"fold": 1} if moment.fold else {}
    if type(zone) is ZoneInfo and zone.key:
        return {"v": moment.replace(tzinfo=None, fold=0).isoformat(), "zone": zone.key, **extra}
    if zone is not None and type(zone) is not timezone:
        return None
    if zone is not None and "name" in (data := _zone_data(zone)):
        extra["name"] = data["name"]
    return {"v": moment.replace(fold=0).isoformat(), **extra}


def _whole(data: dict[str, Any]) -> int:
    text = data["v"]
    if type(text) is not str or len(text) > INTEGER_BITS_MAX or not _HEXADECIMAL.fullmatch(text):
        raise ValueError("a whole number is not written like this")
    return int(text, 16)


def _fraction(data: dict[str, Any]) -> Fraction:
    # An exponent would be worked out digit by digit.
    if type(data["v"]) is not str or not _FRACTION.fullmatch(data["v"]):
        raise ValueError("a fraction is written as two whole numbers")
    return Fraction(data["v"])


_PATHS: dict[str, type[PurePath]] = {
    cls.__name__: cls for cls in (PurePosixPath, PureWindowsPath, PosixPath, WindowsPath)
}


def _path(value: PurePath) -> dict[str, Any]:
    # As it is, and not as it would write itself: a path remembers in itself what it was asked.
    return {"v": content_text(value), "t": type(value).__name__}


def _zone_data(zone: timezone) -> dict[str, Any]:
    offset = zone.utcoffset(None)
    name = zone.tzname(None)
    extra = {} if timezone(offset).tzname(None) == name else {"name": name}
    return {"v": [offset.days, offset.seconds, offset.microseconds], **extra}


def _zone(data: dict[str, Any]) -> timezone:
    offset = timedelta(*data["v"])
    if "name" in data:
        return timezone(offset, data["name"])
    return timezone(offset) if offset else UTC


TO_DATA: dict[type, tuple[str, Callable[[Any], dict[str, Any] | None]]] = {
    Decimal: ("decimal", lambda value: {"v": str(value)}),
    Fraction: ("fraction", lambda value: {"v": str(value)}),
    _CLASSES["datetime"]: ("datetime", _moment),
    _CLASSES["time"]: ("time", _moment),
    _CLASSES["date"]: ("date", lambda value: {"v": value.isoformat()}),
    timedelta: ("timedelta", lambda value: {"v": [value.days, value.seconds, value.microseconds]}),
    UUID: ("uuid", lambda value: {"v": str(value)}),
    bytes: ("bytes", lambda value: {"v": base64.b64encode(value).decode()}),
    bytearray: ("bytearray", lambda value: {"v": base64.b64encode(value).decode()}),
    complex: ("complex", lambda value: {"v": [repr(value.real), repr(value.imag)]}),
    range: ("range", lambda value: {"v": [value.start, value.stop, value.step]}),
    ZoneInfo: ("zone", lambda value: {"v": value.key} if value.key else None),
    timezone: ("offset", _zone_data),
    type(...): ("ellipsis", lambda value: {}),
    type(NotImplemented): ("not-implemented", lambda value: {}),
    **dict.fromkeys(_PATHS.values(), ("path", _path)),
    Pattern: ("pattern", lambda value: _pattern_data(value)),
}
FROM_DATA: dict[str, Callable[[dict[str, Any]], Any]] = {
    "decimal": lambda data: Decimal(data["v"]),
    "fraction": _fraction,
    "datetime": lambda data: _zoned(data, _CLASSES["datetime"].fromisoformat),
    "time": lambda data: _zoned(data, _CLASSES["time"].fromisoformat),
    "date": lambda data: _CLASSES["date"].fromisoformat(data["v"]),
    "timedelta": lambda data: timedelta(*data["v"]),
    "uuid": lambda data: UUID(data["v"]),
    "bytes": lambda data: base64.b64decode(data["v"], validate=True),
    "bytearray": lambda data: bytearray(base64.b64decode(data["v"], validate=True)),
    "complex": lambda data: complex(float(data["v"][0]), float(data["v"][1])),
    "float": lambda data: float(data["v"]),
    "int": _whole,
    "range": lambda data: range(*data["v"]),
    "zone": lambda data: named_zone(data["v"]),
    "offset": _zone,
    "ellipsis": lambda data: ...,
    "not-implemented": lambda data: NotImplemented,
    "path": lambda data: _PATHS[data["t"]](data["v"]),
    "pattern": lambda data: re.compile(data["v"], data["flags"]),
}


def _pattern_data(pattern: Pattern[Any]) -> dict[str, Any] | None:
    if type(pattern.pattern) is not str:
        return None
    return {"v": pattern.pattern, "flags": pattern.flags}
