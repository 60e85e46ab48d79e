"""Readings of small types of the standard library that keep their content in C."""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable
from functools import partial
from io import BytesIO, StringIO
from re import Match, Pattern
from struct import Struct
from types import BuiltinFunctionType, GenericAlias, MethodType, UnionType
from typing import Any

from changeover.values.added_state import with_state
from changeover.values.own_state import mro, own_state
from changeover.values.shapes import Reading, Shape, State
from changeover.values.weak_collections import HELD


def _of(cls: Any, *names: str) -> Callable[[Any], dict[str, Any]]:
    readers = [(name.strip("_"), cls.__dict__[name].__get__) for name in names]
    return lambda value: {name: read(value) for name, read in readers}


def _kept(*_: Any) -> None:
    """Do nothing; what it is given as a part stays alive with it."""


def _made_generator(cls: type, parts: dict[str, Any], _: State) -> Any:
    made: Any = random.Random.__new__(cls)
    random.Random.setstate(made, parts["state"])
    return made


def _file_in_memory(base: Any) -> Reading:
    def make(cls: type, parts: dict[str, Any], _: State) -> Any:
        made: Any = base.__new__(cls)
        base.__init__(made, parts["content"])
        base.seek(made, parts["position"])
        return made

    return Reading(
        Shape.NAMES,
        lambda value: {"content": base.getvalue(value), "position": base.tell(value)},
        make=make,
    )


class _Gone:
    """Stands for what a reference referred to that is no more."""

    def method(self) -> None:
        """Stands for a method of it."""


def _reference(referent: Any) -> Any:
    """A weak reference. Nobody else holds the copy that it refers to: it does so itself, by its callback."""
    if referent is None:
        return weakref.ref(_Gone())
    return weakref.ref(referent, partial(_kept, referent))


def _weak_method(method: Any) -> Any:
    return weakref.WeakMethod(_Gone().method if method is None else method, partial(_kept, method))


def _alive(references: Any) -> list[Any]:
    """What weak references refer to that is still there."""
    found = [weakref.ref.__call__(one) for one in references]
    return [one for one in found if one is not None]


def _weak_members(value: Any) -> list[Any]:
    return _alive([*own_state(value).get("data", ())])


def _weak_keys(value: Any) -> dict[Any, Any]:
    pairs = [(weakref.ref.__call__(one), part) for one, part in [*own_state(value).get("data", {}).items()]]
    return {key: part for key, part in pairs if key is not None}


def _weak_values(value: Any) -> dict[Any, Any]:
    pairs = [(key, weakref.ref.__call__(one)) for key, one in [*own_state(value).get("data", {}).items()]]
    return {key: part for key, part in pairs if part is not None}


_SMALL: dict[type, Reading] = {
    weakref.WeakSet: Reading(Shape.BAG, _weak_members, copied=own_state),
    weakref.WeakKeyDictionary: Reading(Shape.NAMES, _weak_keys, mapping=True, copied=own_state),
    weakref.WeakValueDictionary: Reading(Shape.NAMES, _weak_values, mapping=True, copied=own_state),
    slice: Reading(
        Shape.NAMES,
        lambda value: {"start": value.start, "stop": value.stop, "step": value.step},
        make=lambda cls, parts, _: slice(*parts.values()),
        is_frozen=True,
    ),
    Pattern: Reading(Shape.NAMES, _of(Pattern, "pattern", "flags"), is_atom=True),
    Match: Reading(
        Shape.NAMES,
        lambda value: {
            "pattern": value.re,
            "text": value.string,
            "spans": value.regs,
            "within": (value.pos, value.endpos),
        },
        is_atom=True,
    ),
    Struct: Reading(Shape.NAMES, _of(Struct, "format"), is_atom=True),
    UnionType: Reading(Shape.NAMES, _of(UnionType, "__args__"), is_atom=True),
    GenericAlias: Reading(Shape.NAMES, _of(GenericAlias, "__origin__", "__args__"), is_atom=True),
    partial: Reading(
        Shape.NAMES,
        _of(partial, "func", "args", "keywords"),
        make=lambda cls, parts, _: partial.__new__(cls, parts["func"], *parts["args"], **parts["keywords"]),
    ),
    MethodType: Reading(
        Shape.NAMES,
        _of(MethodType, "__func__", "__self__"),
        make=lambda cls, parts, _: MethodType(parts["func"], parts["self"]),
        is_frozen=True,
    ),
    BuiltinFunctionType: Reading(
        Shape.NAMES,
        _of(BuiltinFunctionType, "__self__", "__name__"),
        make=lambda cls, parts, _: object.__getattribute__(parts["self"], parts["name"]),
        is_frozen=True,
    ),
    weakref.ref: Reading(
        Shape.NAMES,
        lambda value: {"referent": weakref.ref.__call__(value)},
        make=lambda cls, parts, _: _reference(parts["referent"]),
    ),
    weakref.WeakMethod: Reading(
        Shape.NAMES,
        lambda value: {"method": weakref.WeakMethod.__call__(value)},
        make=lambda cls, parts, _: _weak_method(parts["method"]),
    ),
    random.Random: Reading(
        Shape.NAMES, lambda value: {"state": random.Random.getstate(value)}, make=_made_generator
    ),
    BytesIO: _file_in_memory(BytesIO),
    StringIO: _file_in_memory(StringIO),
}


_OF_WEAK = frozenset({"data", "_remove", "_pending_removals", "_iterating", "_dirty_len", HELD})
_IN_CONTENT: dict[type, frozenset[str]] = {
    random.Random: frozenset({"gauss_next"}),
    partial: frozenset({"func", "args", "keywords"}),
    weakref.WeakSet: _OF_WEAK,
    weakref.WeakKeyDictionary: _OF_WEAK,
    weakref.WeakValueDictionary: _OF_WEAK,
    weakref.WeakMethod: frozenset({"_func_ref", "_meth_type", "_alive"}),
}
"""Attributes that the content has already."""


def small_reading(cls: type) -> Reading | None:
    """The reading of a small type of the standard library that keeps its content in C, else None."""
    base = next((base for base in mro(cls) if base in _SMALL), None)
    if base is None:
        return None
    if cls is base and _SMALL[base].is_atom:
        return _SMALL[base]
    return with_state(_SMALL[base], cls, _IN_CONTENT.get(base, ()))
