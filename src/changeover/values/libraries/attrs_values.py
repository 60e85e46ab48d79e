"""Classes of attrs: the declared fields, and attributes that a derived class added."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from changeover.values.own_state import dict_of, found_in, layout_base, mro, state_reader
from changeover.values.shapes import Reading, Shape, State

_KEPT = "_attrs_cached_hash"


def reading_for(cls: type) -> Reading | None:
    """The reading of a class that attrs has worked on; None where it is another kind of value as well."""
    attributes = found_in(cls, "__attrs_attrs__")
    if type(attributes) is type(None) or layout_base(cls) is not object or BaseException in mro(cls):
        return None
    names = tuple(one.name for one in attributes)
    declared, read, in_dict = {*names}, state_reader(cls), dict_of(cls)

    def parts(value: Any) -> State:
        state = read(value)
        found = {name: state[name] for name in names if name in state}
        for name in () if in_dict is None else in_dict(value):
            if name not in declared and not _is_kept(cls, name):
                found[name] = state[name]
        return found

    return Reading(Shape.NAMES, parts, copied=read)


def _is_kept(cls: type, name: str) -> bool:
    """Whether it only remembers what follows from the fields."""
    return name == _KEPT or isinstance(found_in(cls, name), cached_property)
