"""Tuples in C with names for their items: `time.struct_time`, `os.stat_result`."""

from __future__ import annotations

from types import MemberDescriptorType
from typing import Any

from changeover.values.own_state import mro, namespace
from changeover.values.shapes import Reading, Shape, State

_COUNT = "n_sequence_fields"


def structure_reading(cls: Any) -> Reading | None:
    """The reading of such a class, None for any other: its items by name, and what has a name alone."""
    if tuple not in mro(cls) or _COUNT not in namespace(cls):
        return None
    count, named = namespace(cls)[_COUNT], cls.__match_args__
    names = [*named, *map(str, range(len(named), count))][:count]
    members = namespace(cls).items()
    hidden = {
        name: one.__get__ for name, one in members if type(one) is MemberDescriptorType and name not in names
    }

    def parts(value: Any) -> dict[str, Any]:
        items = dict(zip(names, tuple.__iter__(value), strict=True))
        return items | {name: read(value) for name, read in hidden.items()}

    def made(cls: Any, parts: dict[str, Any], _: State) -> Any:
        return cls.__new__(cls, [parts[name] for name in names], {name: parts[name] for name in hidden})

    return Reading(Shape.NAMES, parts, make=made, is_frozen=True)
