"""The reading of a class that adds attributes to one whose content is read otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from changeover.values.own_state import has_state, state_reader
from changeover.values.shapes import Reading, State


def with_state(reading: Reading, cls: type, known: Collection[str] = ()) -> Reading:
    """The reading of a class, with the attributes that its instances carry beside their content.

    Args:
        reading: says how the content is read.
        cls: the class, which may add attributes.
        known: the attributes in which the content is kept, and what else a library keeps there for itself.
    """
    if not has_state(cls) or reading.state is not None:
        return reading
    read, left_out = state_reader(cls), frozenset(known)

    def state(value: Any) -> State:
        return {name: part for name, part in read(value).items() if name not in left_out}

    return replace(reading, state=state, is_atom=False, is_frozen=False)
