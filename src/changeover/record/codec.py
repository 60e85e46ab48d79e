"""Values as JSON and back: tags for a closed set of types, and classes that were registered."""

from __future__ import annotations

import base64
import builtins
import math
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import UnionType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from changeover.errors import ChangeoverError
from changeover.values.content_key import same_content
from changeover.values.copying import copied_error

TAG = "$"
DEPTH_MAX = 100


class CodecError(ChangeoverError):
    """A value has no form in JSON, or data have no value; names the place."""


def _zoned(data: dict[str, Any], read: Callable[[str], Any]) -> Any:
    moment = read(data["v"])
    if "zone" in data:
        moment = moment.replace(tzinfo=ZoneInfo(data["zone"]))
    return moment.replace(fold=1) if data.get("fold") else moment


def _zone(moment: datetime | time) -> dict[str, Any]:
    zone: tzinfo | None = moment.tzinfo
    extra: dict[str, Any] = {"fold": 1} if moment.fold else {}
    if isinstance(zone, ZoneInfo) and zone.key:
        return {"v": moment.replace(tzinfo=None, fold=0).isoformat(), "zone": zone.key, **extra}
    return {"v": moment.replace(fold=0).isoformat(), **extra}


_TO_DATA: dict[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    Decimal: ("decimal", lambda value: {"v": str(value)}),
    Fraction: ("fraction", lambda value: {"v": str(value)}),
    datetime: ("datetime", _zone),
    time: ("time", _zone),
    date: ("date", lambda value: {"v": value.isoformat()}),
    timedelta: ("timedelta", lambda value: {"v": [value.days, value.seconds, value.microseconds]}),
    UUID: ("uuid", lambda value: {"v": str(value)}),
    bytes: ("bytes", lambda value: {"v": base64.b64encode(value).decode()}),
    complex: ("complex", lambda value: {"v": [repr(value.real), repr(value.imag)]}),
}
_FROM_DATA: dict[str, Callable[[dict[str, Any]], Any]] = {
    "decimal": lambda data: Decimal(data["v"]),
    "fraction": lambda data: Fraction(data["v"]),
    "datetime": lambda data: _zoned(data, datetime.fromisoformat),
    "time": lambda data: _zoned(data, time.fromisoformat),
    "date": lambda data: date.fromisoformat(data["v"]),
    "timedelta": lambda data: timedelta(*data["v"]),
    "uuid": lambda data: UUID(data["v"]),
    "bytes": lambda data: base64.b64decode(data["v"], validate=True),
    "complex": lambda data: complex(float(data["v"][0]), float(data["v"][1])),
    "float": lambda data: float(data["v"]),
}
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
_SEQUENCE_TYPES: dict[str, type] = {name: cls for cls, name in _SEQUENCES.items()}
_ERRORS = {
    name: cls
    for name, cls in vars(builtins).items()
    if isinstance(cls, type) and issubclass(cls, BaseException) and not issubclass(cls, BaseExceptionGroup)
}


class Codec:
    """Knows the classes that may stand in data: those registered, and those reached through annotations."""

    def __init__(self) -> None:
        self._classes: dict[str, type] = dict(_ERRORS)
        self._names: dict[type, str] = {cls: name for name, cls in _ERRORS.items()}

    def register(self, *classes: type) -> None:
        """Let instances of enums, dataclasses, models, named tuples and exceptions into data."""
        for cls in classes:
            if cls in self._names or not _is_record(cls):
                continue
            name = f"{cls.__module__}.{cls.__qualname__}"
            if self._classes.setdefault(name, cls) is not cls:
                raise CodecError(f"two classes are called {name}; data could not tell them apart")
            self._names[cls] = name
            self._learn_from(_hints(cls).values())

    def learn(self, function: Callable[..., Any]) -> None:
        """Register the classes in the annotations of a function, and in theirs."""
        self._learn_from(_hints(function).values())

    def _learn_from(self, annotations: Iterable[Any]) -> None:
        for annotation in annotations:
            if isinstance(annotation, type):
                self.register(annotation)
            if typing.get_origin(annotation) is not None or isinstance(annotation, UnionType):
                self._learn_from(typing.get_args(annotation))

    def encode(self, value: Any, place: str = "value") -> Any:
        """The value as JSON data; raises CodecError naming the first place that has no form."""
        return self._encode(value, place, 0)

    def decode(self, data: Any, place: str = "value") -> Any:
        """The inverse of `encode`; raises CodecError where the data are not of its making."""
        try:
            return self._decode(data)
        except CodecError:
            raise
        except (ArithmeticError, AttributeError, KeyError, LookupError, TypeError, ValueError) as error:
            raise CodecError(f"{place}: data cannot be read: {type(error).__name__}: {error}") from error

    def problem_of(self, value: Any, place: str = "value") -> str | None:
        """Why a value would not survive being written and read; None where it does."""
        try:
            back = self.decode(self.encode(value, place), place)
        except CodecError as error:
            return str(error)
        if same_content(back, value):
            return None
        return f"{place}: what is read back differs from what was written"

    def _encode(self, value: Any, place: str, depth: int) -> Any:
        cls = type(value)
        if depth > DEPTH_MAX:
            raise CodecError(f"{place}: nested deeper than {DEPTH_MAX} levels")
        if value is None or cls in (bool, int, str):
            return value
        if cls is float:
            return value if math.isfinite(value) else {TAG: "float", "v": repr(value)}
        if cls in _TO_DATA:
            tag, write = _TO_DATA[cls]
            return {TAG: tag, **write(value)}
        if cls is list:
            return [self._encode(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(value)]
        if cls in _SEQUENCES:
            items = [self._encode(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(value)]
            return {TAG: _SEQUENCES[cls], "v": sorted(items, key=repr) if cls is not tuple else items}
        if cls is dict:
            return self._encode_dict(value, place, depth)
        return self._encode_record(value, place, depth)

    def _encode_dict(self, value: dict[Any, Any], place: str, depth: int) -> Any:
        if all(type(key) is str for key in value) and TAG not in value:
            return {key: self._encode(item, f"{place}.{key}", depth + 1) for key, item in value.items()}
        pairs = [
            [self._encode(key, f"{place} key", depth + 1), self._encode(item, f"{place}[{key!r}]", depth + 1)]
            for key, item in value.items()
        ]
        return {TAG: "dict", "v": pairs}

    def _encode_record(self, value: Any, place: str, depth: int) -> Any:
        cls = type(value)
        name = self._names.get(cls)
        if name is None:
            full = f"{cls.__module__}.{cls.__qualname__}"
            raise CodecError(
                f"{place}: {full} is not registered (annotate it, or migration.codec.register it)"
            )
        if isinstance(value, Enum):
            return {TAG: "enum", "t": name, "v": value.name}
        if isinstance(value, BaseException):
            parts: dict[str, Any] = {"args": list(value.args), "state": dict(vars(value))}
        elif isinstance(value, tuple):
            parts = dict(zip(cls._fields, value, strict=True))
        else:
            parts = {key: getattr(value, key) for key in _field_names(cls)}
            parts.update(getattr(value, "__pydantic_extra__", None) or {})
        encoded = {key: self._encode(item, f"{place}.{key}", depth + 1) for key, item in parts.items()}
        return {TAG: "record", "t": name, "v": encoded}

    def _decode(self, data: Any) -> Any:
        if isinstance(data, list):
            return [self._decode(item) for item in data]
        if not isinstance(data, dict):
            return data
        tag = data.get(TAG)
        if tag is None:
            return {key: self._decode(item) for key, item in data.items()}
        if tag in _FROM_DATA:
            return _FROM_DATA[tag](data)
        if tag in _SEQUENCE_TYPES:
            return _SEQUENCE_TYPES[tag](self._decode(item) for item in data["v"])
        if tag == "dict":
            return {self._decode(key): self._decode(item) for key, item in data["v"]}
        if tag not in ("enum", "record"):
            raise CodecError(f"the tag {tag!r} is unknown")
        cls = self._classes.get(data["t"])
        if cls is None:
            raise CodecError(f"the class {data['t']!r} is not registered")
        if tag == "enum":
            return cls[data["v"]]  # type: ignore[index]
        return _made(cls, {key: self._decode(item) for key, item in data["v"].items()})


def _is_record(cls: type) -> bool:
    if issubclass(cls, Enum | BaseException):
        return True
    return is_dataclass(cls) or hasattr(cls, "__pydantic_fields__") or _is_named_tuple(cls)


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _field_names(cls: type) -> list[str]:
    if is_dataclass(cls):
        return [field.name for field in fields(cls)]
    return list(getattr(cls, "__pydantic_fields__", ()))


def _made(cls: type, parts: dict[str, Any]) -> Any:
    if issubclass(cls, BaseException):
        error = cls.__new__(cls, *parts["args"])
        error.args = tuple(parts["args"])
        vars(error).update(parts["state"])
        return copied_error(error)
    if hasattr(cls, "__pydantic_fields__"):
        return cls.model_validate(parts)  # type: ignore[attr-defined]
    if _is_named_tuple(cls):
        return cls(**parts)
    given = {field.name: parts[field.name] for field in fields(cls) if field.init}  # type: ignore[arg-type]
    made = cls(**given)
    for name, item in parts.items():
        if name not in given:
            object.__setattr__(made, name, item)
    return made


def _hints(thing: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(thing)
    except Exception:  # noqa: BLE001  an annotation that cannot be resolved teaches nothing
        return {}
