"""What a class keeps for all of its objects: no copy has it apart, so it is read before and after."""

from __future__ import annotations

import sys
import sysconfig
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from enum import EnumMeta
from types import ModuleType
from typing import Any

from changeover.record.object_reading import ObjectReading
from changeover.values.atom_types import ATOMS
from changeover.values.own_state import has_dict, module_of, mro, namespace

ITEMS_MAX = 1_000
"""A container of more items is looked at by its length alone."""
_CONTAINERS = frozenset({list, dict, set, deque, OrderedDict, defaultdict, Counter})
_KEPT: dict[type, tuple[int, tuple[str, ...]]] = {}
"""By class: how many names it has, and those among them that may be state."""
_KEPT_MAX = 10_000
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class ClassState:
    """The attributes of a class and of its bases that hold data, as they are when this is made."""

    def __init__(self, cls: type, by_reference: Callable[[Any], bool]) -> None:
        self.cls = cls
        self._before: list[tuple[type, str, Any, ObjectReading | int | None]] = []
        for base in mro(cls):
            names = _names(base)
            if not names:
                continue
            held = namespace(base)
            for name in names:
                value = held.get(name)
                self._before.append((base, name, value, _read(value, by_reference)))

    def __bool__(self) -> bool:
        return bool(self._before)

    def changed(self) -> str | None:
        """What has changed, in words; None where nothing has."""
        for base, name, value, reading in self._before:
            now = namespace(base).get(name)
            same = now is value or (type(now) is type(value) and type(value) in ATOMS and now == value)
            if same and type(reading) is int:
                same = len(value) == reading
            elif same and isinstance(reading, ObjectReading):
                same = reading.changed() is None
            if not same:
                return (
                    f"{base.__name__}.{name} is kept by the class, which is handed over as it is: it changed"
                )
        return None


def class_states(
    given: Iterable[Any], by_reference: Callable[[Any], bool], read: Iterable[Any] = ()
) -> list[ClassState]:
    """Those of the classes of a method's object and of arguments, and of classes that are handed over.

    What is read already is not read again.
    """
    classes = {one if isinstance(one, type) else type(one) for one in given} - ATOMS
    if not classes:
        return []
    classes -= {one.cls for one in read if type(one) is ClassState}
    return [state for cls in classes if (state := ClassState(cls, by_reference))]


def is_installed(cls: type) -> bool:
    """Whether a class is of a library: what that keeps for all of its objects is its own affair."""
    module = sys.modules.get(module_of(cls))
    file = None if module is None else ModuleType.__getattribute__(module, "__dict__").get("__file__")
    return type(file) is str and file.startswith(_LIBRARIES)


def _read(value: Any, by_reference: Callable[[Any], bool]) -> ObjectReading | int | None:
    cls = type(value)
    if cls in ATOMS:
        return None
    if cls in _CONTAINERS and len(value) > ITEMS_MAX:
        return len(value)
    return None if by_reference(value) else ObjectReading(value, by_reference)


def _names(cls: type) -> tuple[str, ...]:
    if type(cls) is EnumMeta:  # what it keeps is its members, and combinations of them that were met
        return ()
    held = namespace(cls)
    known = _KEPT.get(cls)
    if known is not None and known[0] == len(held):
        return known[1]
    if len(_KEPT) >= _KEPT_MAX:
        _KEPT.clear()
    module = module_of(cls).partition(".")[0]
    names = tuple(
        name
        for name, value in (() if is_installed(cls) else held.items())
        if not name.startswith("__") and not name.startswith("_abc_") and _is_state(value, module)
    )
    _KEPT[cls] = len(held), names
    return names


def _is_state(value: Any, package: str) -> bool:
    """Whether it is data: of Python's own types, or an object of a class of the same package."""
    cls = type(value)
    if cls in ATOMS or cls in _CONTAINERS:
        return cls is not type
    return has_dict(cls) and cls is not type and module_of(cls).partition(".")[0] == package
