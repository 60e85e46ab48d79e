"""Functions that an object hands out or keeps, and that no class declares."""

from __future__ import annotations

from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from changeover.record.instrument import hook_of
from changeover.values.closures import closed_over
from changeover.values.copy_plan import is_atom
from changeover.values.handles import known_as

_CODE = FunctionType | type | ModuleType


def acts_by_itself(value: Any) -> bool:
    """Whether it is a function or method that would act for real wherever it is called.

    One that stands in a module under its name is the program's own, and one that holds nothing that can
    change does nothing to anybody. What asks a hook already is a port's.
    """
    cls = type(value)
    if cls is partial:
        parts = (value.func, *value.args, *value.keywords.values())
        return any(map(acts_by_itself, parts)) or not all(map(is_inert, parts))
    if cls is BuiltinFunctionType:
        return not is_inert(value)
    if cls is MethodType:
        return hook_of(value) is None
    if cls is not FunctionType or hook_of(value) is not None or known_as(value) is not None:
        return False
    return not all(map(is_inert, closed_over(value)))


def is_inert(part: Any) -> bool:
    """Whether a function that holds it changes nothing by that: code, or a value that cannot change."""
    if type(part) is BuiltinFunctionType:
        return part.__self__ is None or isinstance(part.__self__, _CODE) or is_atom(part.__self__)
    return isinstance(part, _CODE) or is_atom(part)
