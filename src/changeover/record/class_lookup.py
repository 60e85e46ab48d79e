"""Classes by their names: those that were registered, and those of modules that the program has imported.

Nothing is imported because data say so. A name counts only where the class that stands there has that name.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from types import MappingProxyType, SimpleNamespace
from typing import Any

from changeover.values.own_state import class_name, module_of, namespace

_MAPPINGS: tuple[dict[str, int], ...] = ({}, OrderedDict())
_VIEWS = [type(view()) for one in _MAPPINGS for view in (one.keys, one.values, one.items)]
_ELSEWHERE: dict[str, type] = {class_name(cls): cls for cls in (MappingProxyType, SimpleNamespace, *_VIEWS)}
"""Classes that do not stand in the module that they say they are from."""

_QUALNAME = type.__dict__["__qualname__"].__get__


def full_name(cls: type) -> str:
    """Module and name of a class, that of a built-in one without its module."""
    return class_name(cls)


def imported_class(name: str) -> type | None:
    """The class of that name in a module that is imported; None where there is none."""
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    if "." not in name:
        return _inside("builtins", name)
    module, _, rest = name.rpartition(".")
    while module:
        found = _inside(module, rest) if module in sys.modules else None
        if found is not None:
            return found
        module, _, last = module.rpartition(".")
        rest = f"{last}.{rest}"
    return None


def is_found_by_name(cls: type) -> bool:
    """Whether the name of the class leads back to it."""
    return imported_class(class_name(cls)) is cls


def _inside(module: str, name: str) -> type | None:
    names: Any = vars(sys.modules[module])
    found: Any = None
    for part in name.split("."):
        found = names.get(part)
        if not isinstance(found, type):
            return None
        names = namespace(found)
    same = _QUALNAME(found) == name and (module_of(found) or "builtins") == module
    return found if same or _is_known_as(found, module, name) else None


def _is_known_as(cls: type, module: str, name: str) -> bool:
    """A class written in C may not say where it stands; it is taken by the name that it gives itself."""
    return class_name(cls) == (name if module == "builtins" else f"{module}.{name}")
