"""How a value of a class is written and made again, decided by its reading, as a copy of it is.

Handles, functions and whatever would call code that data name are never made from data.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, defaultdict
from enum import Enum, auto
from functools import lru_cache, partial
from types import BuiltinFunctionType, FunctionType, GenericAlias, MethodType, SimpleNamespace
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.copy_plan import plan_of
from changeover.values.object_values import made_from_reduced
from changeover.values.own_state import CLASSES_REMEMBERED_MAX, has_state, layout_base, mro
from changeover.values.reading import Reading, Shape, reading_of

_LAYOUTS = frozenset({list, dict, OrderedDict, defaultdict, set})
_CALLED = (partial, MethodType, BuiltinFunctionType, FunctionType, GenericAlias, weakref.ref)


class How(Enum):
    """What is written of a value, and when it exists again.

    STATE: its attributes; CONTENT: what its base type holds, and attributes; FILLED: parts, given to an empty
    one; MADE: parts, of which it is made at once, so that none may lead back to it.
    """

    STATE = auto()
    CONTENT = auto()
    FILLED = auto()
    MADE = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """For one class; `problem` says why its values cannot be made from data."""

    how: How
    reading: Reading
    problem: str | None = None


@lru_cache(CLASSES_REMEMBERED_MAX)
def rebuilding_of(cls: type) -> Rebuilding:
    """How values of a class are made from data."""
    reading = reading_of(cls)
    problem = _problem(cls, reading)
    if problem is not None:
        return Rebuilding(How.NEVER, reading, problem)
    layout = layout_base(cls)
    if reading.fill is not None:
        return Rebuilding(How.FILLED, reading)
    if reading.make is not None and (layout not in _LAYOUTS or reading.copied is not None):
        return Rebuilding(How.STATE if layout is SimpleNamespace else How.MADE, reading)
    return Rebuilding(How.CONTENT if layout in _LAYOUTS else How.STATE, reading)


def _problem(cls: type, reading: Reading) -> str | None:
    bases = mro(cls)
    if reading.handle is not None:
        return "is a handle"
    if any(kind in bases for kind in _CALLED) or reading.make is made_from_reduced:
        return "would be made by calling what data name"
    if plan_of(cls).problem is not None:
        return plan_of(cls).problem
    if reading.make is not None:
        return None
    layout = layout_base(cls)
    has_no_parts = reading.shape in (Shape.UNREADABLE, Shape.SCALAR) or reading.is_atom
    if has_no_parts or layout not in {*_LAYOUTS, object}:
        return "keeps its content where nobody can see it"
    return None if layout is not object or has_state(cls) else "has no content of its own"


def empty(cls: Any) -> Any:
    """An instance without content; no `__new__` or `__init__` of the program is called."""
    base: Any = layout_base(cls)
    return base.__new__(cls)
