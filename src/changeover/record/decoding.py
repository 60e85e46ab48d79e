"""The reading half of the codec: data as a value. Data may be anything; what is wrong with them is raised."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import fields, is_dataclass
from datetime import tzinfo
from enum import Enum
from functools import cached_property
from types import NoneType
from typing import Any

from changeover.record.rebuilding import How, Rebuilding, empty, rebuilding_of
from changeover.record.remade_handles import RemadeHandles
from changeover.record.scalar_data import FROM_DATA, TAG
from changeover.record.zone_data import zone_of
from changeover.values.limits import DEPTH_MAX
from changeover.values.own_state import (
    class_name,
    found_in,
    has_state,
    layout_base,
    mro,
    own_state,
    set_state,
)
from changeover.values.reading import reading_of

_SEQUENCES: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_LEVELS_MAX = 5 * DEPTH_MAX
"""A level of a value takes a few of data."""
ClassOf = Callable[[str], type]


class Decoding:
    """One value; raises whatever wrong data lead to."""

    def __init__(self, class_of: ClassOf, handles: RemadeHandles) -> None:
        self._class_of = class_of
        self._handles = handles
        self._shared: dict[int, Any] = {}
        self._levels = 0

    def value(self, data: Any) -> Any:
        """The value of data."""
        return self._decode(data, None)

    def _decode(self, data: Any, number: int | None) -> Any:
        """`number` is that of what is shared: it is known under it as soon as it is there, even if empty."""
        if type(data) is not list and type(data) is not dict:
            return data
        self._levels += 1
        if self._levels > _LEVELS_MAX:
            raise ValueError(f"nested deeper than {_LEVELS_MAX} levels")
        made = self._keep(number, self._compound(data, number))
        self._levels -= 1
        return made

    def _keep(self, number: int | None, made: Any) -> Any:
        if number is not None:
            self._shared[number] = made
        return made

    def _compound(self, data: Any, number: int | None) -> Any:
        if type(data) is list:
            items: list[Any] = self._keep(number, [])
            items.extend(self._decode(item, None) for item in data)
            return items
        tag = data.get(TAG)
        if tag is None:
            return self._mapping(data, number)
        if tag == "shared":
            return self._decode(data["v"], _number(data["n"]))
        if tag == "again":
            return self._shared[_number(data["n"])]
        if tag in ("datetime", "time") and "tz" in data:
            moment = FROM_DATA[tag]({"v": data["v"]})
            return moment.replace(tzinfo=self._decode(data["tz"], None), fold=1 if data.get("fold") else 0)
        if tag in FROM_DATA:
            return FROM_DATA[tag](data)
        if tag == "set":
            members: set[Any] = self._keep(number, set())
            members.update(self._decode(item, None) for item in _list(data["v"]))
            return members
        if tag in _SEQUENCES:
            return _SEQUENCES[tag]([self._decode(item, None) for item in _list(data["v"])])
        if tag == "dict":
            return self._mapping(data, number)
        return self._of_class(tag, data, number)

    def _mapping(self, data: dict[str, Any], number: int | None = None) -> dict[Any, Any]:
        made: dict[Any, Any] = self._keep(number, {})
        if data.get(TAG) == "dict":
            for key, item in _list(data["v"]):
                made[self._decode(key, None)] = self._decode(item, None)
        elif TAG in data:
            raise ValueError("a table was expected")
        else:
            for key, item in data.items():
                made[key] = self._decode(item, None)
        return made

    def _of_class(self, tag: Any, data: dict[str, Any], number: int | None) -> Any:
        if tag == "tz":
            return zone_of(data)
        if tag == "logger":
            return logging.getLogger(_text(data["v"]))
        if tag == "handle":
            return self._handles.made(_text(data["by"]), self._decode(data["v"], None))
        if tag == "lock":
            return threading.Lock() if data["v"] == "lock" else threading.RLock()
        if tag not in ("enum", "flag", "class", "own-tz", "record", "object"):
            raise ValueError(f"the tag {tag!r} is unknown")
        cls: Any = self._class_of(_text(data["t"]))
        if tag == "class":
            return cls
        if tag in ("enum", "flag"):
            if Enum not in mro(cls):
                raise TypeError(f"{data['t']} has no members")
            return cls[data["v"]] if tag == "enum" else cls(data["v"])
        if tag == "own-tz":
            if tzinfo not in mro(cls):
                raise TypeError(f"{data['t']} is no class of time zones")
            zone = tzinfo.__new__(cls)
            set_state(zone, self._mapping(data["s"]))
            return zone
        if tag == "record":
            return self._record(cls, data["v"], number)
        return self._object(cls, data, number)

    def _record(self, cls: Any, data: Any, number: int | None) -> Any:
        """A dataclass or named tuple by its fields; models and exceptions as they were written once."""
        bases, is_of_state = mro(cls), _is_of_state(cls)
        if BaseException in bases:
            return _error_of_once(cls, self._mapping(data))
        if tuple in bases:
            parts = self._mapping(data)
            names = reading_of(cls).fields
            if names is not None and {*names} == {*parts}:
                return tuple.__new__(cls, [parts[name] for name in names])
            return cls(**parts)
        if found_in(cls, "__pydantic_fields__") is not None and not is_dataclass(cls):
            return cls.model_validate(self._mapping(data), by_name=True, by_alias=True)
        if not is_dataclass(cls):
            raise TypeError(f"{cls.__qualname__} is no record")
        if {field.name for field in fields(cls)} == {*data} and is_of_state:
            made = self._keep(number, empty(cls))
            set_state(made, self._mapping(data))
            return made
        return _dataclass_of_once(cls, self._mapping(data))

    def _object(self, cls: Any, data: dict[str, Any], number: int | None) -> Any:
        rebuilding = rebuilding_of(cls)
        if rebuilding.problem is not None:
            raise TypeError(f"{data['t']} {rebuilding.problem}")
        if rebuilding.how is How.STATE:
            made = self._keep(number, empty(cls))
            state = self._mapping(data["s"])
            set_state(made, state)
            _refuse_lost(cls, state, own_state(made))
            return made
        if rebuilding.how is How.CONTENT:
            return self._content(cls, data, number)
        return self._made(cls, rebuilding, data, number)

    def _content(self, cls: Any, data: dict[str, Any], number: int | None) -> Any:
        made, base = self._keep(number, empty(cls)), layout_base(cls)
        if base is defaultdict:
            factory = self._decode(data["f"], None)
            if type(factory) not in (NoneType, type):
                raise TypeError("only a class makes the values of a dict from data")
            defaultdict.__init__(made, factory)
        if base is list:
            list.extend(made, [self._decode(item, None) for item in _list(data["v"])])
        elif base is set:
            set.update(made, [self._decode(item, None) for item in _list(data["v"])])
        else:
            put: Any = OrderedDict.__setitem__ if base is OrderedDict else dict.__setitem__
            for key, item in self._mapping(data["v"]).items():
                put(made, key, item)
        if "s" in data:
            set_state(made, self._mapping(data["s"]))
        return made

    def _made(self, cls: Any, rebuilding: Rebuilding, data: dict[str, Any], number: int | None) -> Any:
        make, fill = rebuilding.reading.make, rebuilding.reading.fill
        if make is None:
            raise TypeError(f"{data['t']} cannot be rebuilt")
        if fill is not None:
            made = self._keep(number, make(cls, data["v"], {}))
            parts = self._mapping(data["v"])
            fill(made, parts)
            _refuse_lost_fields(cls, parts, made)
            return made
        parts = self._decode(data["v"], None)
        state = self._mapping(data["s"]) if "s" in data else {}
        made = make(cls, parts, state)
        if type(made) is not cls:
            raise TypeError(f"{data['t']} was made as another class")
        _refuse_lost_fields(cls, parts, made)
        if state and has_state(cls):
            set_state(made, state)
        return made


def _is_of_state(cls: type) -> bool:
    return rebuilding_of(cls).how is How.STATE and rebuilding_of(cls).problem is None


def _number(data: Any) -> int:
    if type(data) is not int:
        raise TypeError("a reference is a number")
    return data


def _list(data: Any) -> list[Any]:
    if type(data) is not list:
        raise TypeError("a list was expected")
    return data


def _text(data: Any) -> str:
    if type(data) is not str:
        raise TypeError("a name is a text")
    return data


def _error_of_once(cls: Any, parts: dict[str, Any]) -> BaseException:
    reading = reading_of(cls)
    if reading.make is None or BaseExceptionGroup in mro(cls):
        raise TypeError(f"{cls.__qualname__} cannot be rebuilt")
    whole = {"args": tuple(parts["args"]), "state": parts["state"], "__cause__": None, "members": {}}
    made: BaseException = reading.make(cls, whole, {})
    return made


def _dataclass_of_once(cls: Any, parts: dict[str, Any]) -> Any:
    """Data that name fewer fields than the class has today: what is missing has its default."""
    given = {field.name: parts[field.name] for field in fields(cls) if field.init and field.name in parts}
    made = cls(**given)
    state = own_state(made)
    _refuse_lost(cls, parts, {**given, **state})
    for name, item in parts.items():
        if name not in given:
            object.__setattr__(made, name, item)
    return made


def _refuse_lost(cls: type, given: Iterable[Any], kept: Container[Any]) -> None:
    """What was recorded of a value and has no place in its class any more is not left out without a word."""
    lost = next((name for name in given if name not in kept), None)
    if lost is not None:
        raise TypeError(f"{class_name(cls)} has no {lost!r} any more")


def _refuse_lost_fields(cls: type, given: Any, made: Any) -> None:
    """The same for classes of libraries that keep their fields apart from what else is in a value."""
    declared = found_in(cls, "__pydantic_fields__")
    if type(declared) is dict and type(given) is dict:
        names = [name for name in given if type(name) is str and not name.startswith("_")]
        names = [name for name in names if not isinstance(found_in(cls, name), cached_property)]
        _refuse_lost(cls, names, declared)
    elif type(given) is dict and found_in(cls, "__struct_fields__") is not None:
        _refuse_lost(cls, given, reading_of(cls).parts(made))
