"""Objects that stand for a name and are asked by `is`: they are handed over as they are, never copied."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import tzinfo
from dis import get_instructions
from enum import Enum
from pathlib import PurePath
from types import FunctionType
from typing import Any

from changeover.values.own_state import has_dict, module_of, mro, namespace, own_state
from changeover.values.reading import remembered

ATTRIBUTES_MAX = 4
_NAMES = frozenset({"name", "repr", "label", "doc", "module"})
_OF_ZONES = frozenset({"datetime", "zoneinfo", "pytz", "dateutil", "pathlib"})
"""Packages whose zones and paths remember things, and whose attributes nobody changes."""
_HARMLESS = frozenset(
    {
        *("__init__", "__new__", "__init_subclass__", "__class_getitem__", "__repr__", "__str__"),
        *("__bool__", "__len__", "__iter__", "__eq__", "__ne__", "__hash__", "__or__", "__ror__"),
        *("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"),
        *("__getnewargs__", "__getnewargs_ex__", "__sizeof__", "__format__", "__dir__"),
    }
)


def has_own_attributes(cls: type, is_fixed: Callable[[Any], bool]) -> bool:
    """Whether members of an enumeration, or paths and zones of the program's, hold what may change."""
    bases = mro(cls)
    if Enum in bases:
        return _has_members_that_change(cls, bases, is_fixed)
    if not (PurePath in bases or tzinfo in bases):
        return False
    return has_dict(cls) and module_of(cls).partition(".")[0] not in _OF_ZONES


def _has_members_that_change(cls: type, bases: tuple[type, ...], is_fixed: Callable[[Any], bool]) -> bool:
    """Whether members hold what can change, or have attributes of their own that a path may set."""
    states = [own_state(member) for member in namespace(cls).get("_member_map_", {}).values()]
    parts = [part for state in states for part in state.values()]
    if not all(isinstance(part, Enum) or is_fixed(part) for part in parts):
        return True
    own = [base for base in bases if module_of(base).partition(".")[0] not in sys.stdlib_module_names]
    names = {name for state in states for name in state}
    return bool(own) and (not all(map(_is_of_enumerations, names)) or any(map(_sets_attributes, own)))


def _is_of_enumerations(attribute: Any) -> bool:
    return type(attribute) is str and attribute.startswith("_") and attribute.endswith("_")


def _sets_attributes(cls: type) -> bool:
    """Whether a method of the class sets an attribute of something, once its members are made."""
    functions = [
        getattr(member, "__func__", member)
        for name, member in namespace(cls).items()
        if name not in ("__init__", "__new__")
    ]
    return any(
        instruction.opname == "STORE_ATTR"
        for function in functions
        if type(function) is FunctionType and function.__module__ != "enum"
        for instruction in get_instructions(function)
    )


def may_be_sentinel(value: Any, state: dict[Any, Any]) -> bool:
    """Whether an object has nothing that a path could change: a name at most, and no method to do it.

    A service or an account that a module holds has methods, numbers or flags: it is copied like any object.
    """
    if len(state) > ATTRIBUTES_MAX or not all(type(part) is str for part in state.values()):
        return False
    return all(map(_is_a_name, state)) and _only_stands(type(value))


def _is_a_name(attribute: Any) -> bool:
    return type(attribute) is str and (attribute in _NAMES or attribute.startswith("_"))


@remembered
def _only_stands(cls: type) -> bool:
    """Whether the class has no functions but those that show an object, compare or copy it."""
    return not any(
        name not in _HARMLESS and isinstance(getattr(member, "__func__", member), FunctionType)
        for base in mro(cls)
        if base is not object and module_of(base) != "typing"
        for name, member in namespace(base).items()
    )
