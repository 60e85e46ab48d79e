"""Readings of objects that keep their content in attributes, and of a few small ones that keep it in C.

A dataclass is its declared fields: what a cached property left behind is not part of it. An ordinary object
is its `__dict__` and slots. What is written in C and says itself how it is taken apart and built again
(`__reduce__`, as pickle and copy use it) is read by that, unless a class of the program has a word in it.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from operator import attrgetter
from types import FunctionType, SimpleNamespace
from typing import Any

from changeover.values.own_state import (
    dict_of,
    found_in,
    has_state,
    is_hidden,
    layout_base,
    module_of,
    mro,
    slots_of,
    state_reader,
)
from changeover.values.shapes import UNREADABLE, Reading, Shape, State


def _declared(cls: type) -> tuple[str, ...] | None:
    fields = found_in(cls, "__dataclass_fields__")
    if type(fields) is dict:
        # Class variables and arguments of `__init__` alone are no fields, as in dataclasses.fields().
        return tuple(
            name for name, field in fields.items() if getattr(field._field_type, "name", "") == "_FIELD"
        )
    return None


def object_reading(cls: type) -> Reading:
    """The reading of a class that is nothing else."""
    if cls is SimpleNamespace or (SimpleNamespace in mro(cls) and layout_base(cls) is SimpleNamespace):
        return Reading(Shape.NAMES, state_reader(cls), make=_blank)
    if is_hidden(cls):
        return _reduced_reading(cls) or UNREADABLE
    if cls is object:
        return Reading(Shape.UNREADABLE, _nothing, is_atom=True)
    read = state_reader(cls)
    names = _declared(cls)
    if names is None:
        return Reading(Shape.NAMES, read)

    def fields(value: Any) -> State:
        state = read(value)
        return {name: state[name] for name in names if name in state}

    return Reading(Shape.NAMES, fields, copied=read, fields=names, values=_quick(cls, names))


def _nothing(_value: Any) -> None:
    return None


def _quick(cls: type, names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]] | None:
    """What reads all fields at once, where that asks nothing of the class itself."""
    if (
        found_in(cls, "__getattr__") is not None
        or found_in(cls, "__getattribute__") is not object.__dict__["__getattribute__"]
    ):
        return None
    slots = dict(slots_of(cls))
    in_dict = dict_of(cls) is not None
    for name in names:
        found = found_in(cls, name)
        acts = found is not None and hasattr(type(found), "__set__") and slots.get(name) is not found
        if acts or (name not in slots and not in_dict):
            return None
    if not names:
        return lambda _value: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return attrgetter(*names)


def _blank(cls: type, parts: Any, _: State) -> Any:
    made: Any = SimpleNamespace.__new__(cls)
    made.__dict__.update(parts)
    return made


_HOOKS = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__")
_FROM_OBJECT = tuple(object.__dict__[name] for name in _HOOKS if name in object.__dict__)


def _hooks(cls: type) -> list[Any] | None:
    """How a type in C says that it is taken apart; None where code of the program has a word in it."""
    found, package = [found_in(cls, name) for name in _HOOKS], _package(layout_base(cls))
    for hook in found:
        if isinstance(hook, property | staticmethod | classmethod):
            return None
        if isinstance(hook, FunctionType) and _name_of_package(hook.__module__) != package:
            return None
    return found


def _package(cls: type) -> str:
    return _name_of_package(module_of(cls))


def _name_of_package(module: str) -> str:
    """Of `_regex` and `regex._main` alike `regex`: the part in C often has a name of its own."""
    return module.partition(".")[0].lstrip("_")


def _registered_reduction(cls: type) -> Callable[[Any], Any] | None:
    """What the library of a type in C has put into `copyreg` for it."""
    found: Any = copyreg.dispatch_table.get(cls)
    if found is None or cls is not layout_base(cls):
        return None
    module = getattr(found, "__module__", None)  # none of a function that was made by code in C
    return found if module is None or _name_of_package(module) == _package(cls) else None


def _reduced_reading(cls: type) -> Reading | None:
    """The reading of a type that is written in C and knows, or whose library knows, how it is taken apart."""
    if _registered_reduction(cls) is not None:
        return Reading(Shape.NAMES, reduced, make=made_from_reduced)
    found = _hooks(cls)
    if found is None:
        return None
    reduce = found[1] if found[0] is object.__dict__["__reduce_ex__"] else found[0]
    if reduce is None or (reduce in _FROM_OBJECT and cls is not layout_base(cls)):
        return None
    if cls is layout_base(cls) or not has_state(cls):
        return Reading(Shape.NAMES, reduced, make=made_from_reduced)
    read = state_reader(cls)

    def state(value: Any) -> State:
        """What a derived class adds, where its base in C does not take that apart as well."""
        found = reduced(value)
        return {} if found is None or found["state"] is not None else read(value)

    return Reading(Shape.NAMES, reduced, state=state, make=made_from_reduced)


def reduced(value: Any) -> dict[str, Any] | None:
    """How a value of a type in C takes itself apart; None where it does not."""
    cls = type(value)
    found, registered = _hooks(cls), _registered_reduction(cls)
    if found is None:
        return None
    try:
        if registered is not None:
            made = registered(value)
        else:
            made = value.__reduce_ex__(4) if found[0] is not None else None
    except Exception:  # noqa: BLE001  it says that it cannot
        return None
    if type(made) is not tuple or not 2 <= len(made) <= 5:
        return None
    state = made[2] if len(made) > 2 else None
    items = list(made[3]) if len(made) > 3 and made[3] is not None else []
    pairs = list(made[4]) if len(made) > 4 and made[4] is not None else []
    return {"function": made[0], "args": made[1], "state": state, "items": items, "pairs": pairs}


def made_from_reduced(_cls: type, parts: dict[str, Any], _: State) -> Any:
    """The value again, from how it was taken apart."""
    made = parts["function"](*parts["args"])
    if parts["state"] is not None:
        if hasattr(made, "__setstate__"):
            made.__setstate__(parts["state"])
        else:
            made.__dict__.update(parts["state"])
    for item in parts["items"]:
        made.append(item)
    for key, part in parts["pairs"]:
        made[key] = part
    return made
