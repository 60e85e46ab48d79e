"""Classes that stand nowhere under their name, as a path makes them: another one in each run.

One is its name, its bases, and what stands in it: functions by their code and what they hold, members by
their values. Where something else stands in it, nobody can say that another one is alike: it is itself.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable
from enum import EnumMeta
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from changeover.values.atom_types import ATOMS
from changeover.values.made_functions import code_key, held_by
from changeover.values.own_state import (
    by_class,
    class_name,
    is_heap_type,
    module_of,
    namespace,
    own_state,
    qualified_name,
)

PARTS_MAX = 1_000
"""A class with more in it is itself."""
_NO_PARTS = frozenset(
    {
        *("__dict__", "__weakref__", "__module__", "__qualname__", "__doc__", "__firstlineno__"),
        *("__static_attributes__", "_abc_impl", "__abstractmethods__"),
    }
)
_OF_SLOTS = (MemberDescriptorType, GetSetDescriptorType)
_AROUND_ONE = (staticmethod, classmethod)


class MadeClassKey:
    """What stands for such a class: equal for two that are made alike."""

    __slots__ = ("_name", "_parts")

    def __init__(self, cls: type) -> None:
        self._name = class_name(cls)
        self._parts = _Parts().of_class(cls)

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        return type(other) is MadeClassKey and other._parts == self._parts

    def __repr__(self) -> str:
        return self._name


@by_class
def made_class_key(cls: type) -> MadeClassKey | None:
    """What stands for a class that a path made; None for one that stands in its module, or comes from C."""
    return MadeClassKey(cls) if is_heap_type(cls) and _is_made(cls) else None


def _is_made(cls: type) -> bool:
    here: Any = sys.modules.get(module_of(cls))
    for name in qualified_name(cls).split("."):
        if isinstance(here, ModuleType):
            here = ModuleType.__getattribute__(here, "__dict__").get(name)
        elif isinstance(here, type):
            here = namespace(here).get(name)
        else:
            return True  # made while a function ran, or in a module that is not there
    return here is not cls


class _Parts:
    """What stands in one class, and in classes and functions in it."""

    def __init__(self) -> None:
        self._met: list[Any] = []
        self._left = PARTS_MAX

    def of_class(self, cls: type) -> Hashable:
        """The class itself where it is no made one, or has been met."""
        if cls in ATOMS or not (is_heap_type(cls) and _is_made(cls)):
            return id(cls)
        met = self._number_of(cls)
        if met is not None:
            return "met", met
        is_enum = isinstance(cls, EnumMeta)
        held = namespace(cls)
        members: dict[str, Any] = dict(held.get("_member_map_", ())) if is_enum else {}
        parts = frozenset(
            (name, self.of(part))
            for name, part in held.items()
            if name not in _NO_PARTS and name not in members and not (is_enum and name.startswith("_"))
        )
        values = tuple((name, self.of(own_state(member).get("_value_"))) for name, member in members.items())
        return class_name(cls), id(type(cls)), tuple(map(self.of_class, cls.__bases__)), parts, values

    def of(self, part: Any) -> Hashable:
        """What stands for a part; where it cannot be told, for this very one."""
        self._left -= 1
        cls = type(part)
        if self._left < 0:
            return id(part)
        if isinstance(part, type):
            return self.of_class(part)
        if cls in ATOMS:
            return class_name(cls), part
        if cls in _OF_SLOTS:
            return class_name(cls)
        if cls in (tuple, list):
            return class_name(cls), tuple(map(self.of, part))
        if cls is dict:
            return "dict", tuple((self.of(name), self.of(one)) for name, one in part.items())
        if cls in _AROUND_ONE:
            return class_name(cls), self.of(part.__func__)
        if cls is property:
            return "property", *map(self.of, (part.fget, part.fset, part.fdel))
        if cls is FunctionType:
            met = self._number_of(part)
            return ("met", met) if met is not None else (code_key(part), *map(self.of, held_by(part)))
        return id(part)

    def _number_of(self, one: Any) -> int | None:
        """Where it was met; it is from now on."""
        found = next((number for number, met in enumerate(self._met) if met is one), None)
        if found is None:
            self._met.append(one)
        return found
