"""How values of a type are read: which shape they have and where their parts are. Worked out once per type.

Mappings, dataclasses, pydantic and attrs models, named tuples and ordinary objects are *names*; sequences
are *items*; sets are a *bag*; exceptions are an *error*. A dataclass or model is its declared fields (a
model's extras as well): what a cached property left behind is not part of it. An ordinary object is its
`__dict__` and `__slots__`, private names included, and nothing else, so one that keeps state in C (a lock, a
socket, an array) is *unreadable*: it could not be compared, unless both sides hold the very same object.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from pathlib import PurePath
from typing import Any

from changeover.values.scalars import base_of

TYPES_REMEMBERED_MAX = 4_096
CONTENT = "(content)"
"""The name of a container's own content where its class adds attributes to it."""

_POINTER = struct.calcsize("P")
_SEALED = (Enum, type, PurePath)
_BUILT_IN = (dict, list, tuple, set, frozenset)


class Shape(Enum):
    """The shapes of the plain form. Values of different shapes are never equal."""

    SCALAR = "scalar"
    NAMES = "mapping"
    ITEMS = "list"
    BAG = "set"
    ERROR = "exception"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read one type.

    `scalar` is the scalar type it extends. `fields` and `values` are given where every instance has the same
    names: `values(instance)` answers them in order, and raises AttributeError where one is unset. `state`
    reads names that differ from instance to instance. `adds_state` says that instances of a scalar or
    container may carry attributes beside their content.
    """

    shape: Shape
    scalar: type | None = None
    fields: tuple[str, ...] | None = None
    values: Callable[[Any], tuple[Any, ...]] | None = None
    state: Callable[[Any], dict[Any, Any]] | None = None
    adds_state: bool = False


def _read(cls: type) -> Reading:
    scalar = base_of(cls)
    if scalar is not None:
        adds_state = scalar not in _SEALED and cls is not scalar and _adds_state(cls, scalar)
        return Reading(Shape.SCALAR, scalar=scalar, adds_state=adds_state)
    if issubclass(cls, BaseException):
        return Reading(Shape.ERROR, state=_state_reader(cls))
    built_in = issubclass(cls, _BUILT_IN)
    names = None if built_in and not hasattr(cls, "_fields") else _declared(cls)
    if names is not None:
        return Reading(Shape.NAMES, fields=names, values=_getter(names))
    if hasattr(cls, "__pydantic_extra__"):
        return Reading(Shape.NAMES, state=_model_state)
    for base, shape in ((Mapping, Shape.NAMES), (Set, Shape.BAG), (Sequence, Shape.ITEMS)):
        if issubclass(cls, base):
            adds_state = built_in and _adds_state(cls, object)
            return Reading(shape, state=_state_reader(cls), adds_state=adds_state)
    if _is_iterable_only(cls) or _hides_state(cls):
        return Reading(Shape.UNREADABLE)
    return Reading(Shape.NAMES, state=_state_reader(cls))


reading_of: Callable[[type], Reading] = lru_cache(maxsize=TYPES_REMEMBERED_MAX)(_read)
"""The reading of a type."""


def own_state(value: Any) -> dict[Any, Any]:
    """The attributes that an instance carries beside a scalar's or container's content."""
    return _state_reader(type(value))(value)


def _adds_state(cls: type, base: type) -> bool:
    return _has_dict(cls) or len(_slots(cls)) > len(_slots(base))


def _declared(cls: Any) -> tuple[str, ...] | None:
    if is_dataclass(cls):
        return tuple(field.name for field in fields(cls))
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return tuple(cls._fields)
    if hasattr(cls, "__pydantic_extra__") and cls.model_config.get("extra") != "allow":
        return tuple(cls.__pydantic_fields__)
    if hasattr(cls, "__attrs_attrs__"):
        return tuple(attribute.name for attribute in cls.__attrs_attrs__)
    return None


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda _value: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return attrgetter(*names)


def _model_state(model: Any) -> dict[str, Any]:
    declared = type(model).__pydantic_fields__
    values = {name: value for name, value in model.__dict__.items() if name in declared}
    return values | (model.__pydantic_extra__ or {})


def _slots(cls: type) -> tuple[str, ...]:
    found: list[str] = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name in ("__dict__", "__weakref__"):
                continue
            private = name.startswith("__") and not name.endswith("__")
            found.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(found)


def _state_reader(cls: type) -> Callable[[Any], dict[Any, Any]]:
    slots = _slots(cls)
    has_dict = _has_dict(cls)

    def read(value: Any) -> dict[Any, Any]:
        state = dict(value.__dict__) if has_dict else {}
        for name in slots:
            if hasattr(value, name):
                state[name] = getattr(value, name)
        return state

    return read


def _has_dict(cls: type) -> bool:
    return cls.__dictoffset__ != 0


def _hides_state(cls: type) -> bool:
    # CPython's own test of whether an object can be taken apart (object.__reduce_ex__): an instance that is
    # larger than its header, dictionary, weak references and slots keeps something that cannot be read.
    readable = object.__basicsize__ + _POINTER * len(_slots(cls))
    readable += _POINTER * (cls.__dictoffset__ > 0) + _POINTER * (cls.__weakrefoffset__ > 0)
    return cls is object or cls.__itemsize__ != 0 or cls.__basicsize__ > readable


def _is_iterable_only(cls: type) -> bool:
    return hasattr(cls, "__next__")
