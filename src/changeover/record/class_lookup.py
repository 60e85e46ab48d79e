"""Classes by their names: those that were registered, and those of modules that the program has imported.

Nothing is imported because data say so. A name counts only where the class that stands there has that name.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from pathlib import PurePath
from types import MappingProxyType, SimpleNamespace
from typing import Any

from changeover.values.own_state import class_name, module_of, namespace

_MAPPINGS: tuple[dict[str, int], ...] = ({}, OrderedDict())
_VIEWS = [type(view()) for one in _MAPPINGS for view in (one.keys, one.values, one.items)]
_ELSEWHERE: dict[str, type] = {class_name(cls): cls for cls in (MappingProxyType, SimpleNamespace, *_VIEWS)}
"""Classes that do not stand in the module that they say they are from."""

_STARTED = "__main__"
_QUALNAME = type.__dict__["__qualname__"].__get__


def full_name(cls: type) -> str:
    """Module and name of a class, that of a built-in one without its module.

    A class of the program that was started (`python app.py`) is named as who imports that program knows it.
    """
    name, started = class_name(cls), f"{_STARTED}."
    if not name.startswith(started):
        return name
    return f"{_started_as() or _STARTED}.{name.removeprefix(started)}"


def imported_class(name: str) -> type | None:
    """The class of that name in a module that is imported; None where there is none."""
    found = _class_of(name)
    if found is None and (known_as := _started_as()) is not None and name.startswith(f"{known_as}."):
        return _inside(_STARTED, name.removeprefix(f"{known_as}."))
    return found


def _class_of(name: str) -> type | None:
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
    return imported_class(full_name(cls)) is cls


def _started_as() -> str | None:
    """The name by which others import the module that was started; None where nobody can."""
    main = sys.modules.get(_STARTED)
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None:
        return str(spec.name)
    name = PurePath(file).stem if isinstance(file, str) else ""
    return name if name.isidentifier() and not name.startswith("__") else None


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
