"""What a view hides: an answer is altered in its own types, and the view of it must differ.

What a view lets through is altered again in its plain form by `blind_spots`; here the question is only what
never reaches the comparison.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from changeover.compare.comparison import compare
from changeover.compare.mutations import ALTERATIONS_MAX, BlindSpot, BlindSpots, Wanted, altered_leaf
from changeover.compare.rules import Rules
from changeover.values.copying import field_names
from changeover.values.limits import DEPTH_MAX
from changeover.values.observation import Observation, Raised, Side, outcome_of
from changeover.values.place import Key, Place, normalise, render

View = Callable[[Any], Any]
Altered = tuple[Place, str, Any]


def view_spots(
    answer: Any, view: View, side: Side, rules: Rules, seam: str, *, wanted: Wanted | None = None
) -> BlindSpots:
    """Alter an answer in every place in turn, and compare what the view makes of it with what it made before.

    A view that raises for an altered answer has not hidden the change: such a run is not compared.
    """
    before = _seen(view, answer, side)
    spots: list[BlindSpot] = []
    tried = 0
    for place, change, altered in altered_answers(answer, ("result",), 0):
        normal_place = normalise(place)
        if wanted is not None and not wanted(normal_place, change):
            continue
        if tried >= ALTERATIONS_MAX:
            return BlindSpots(tuple(spots), tried, left_out=True)
        tried += 1
        after = _seen(view, altered, side)
        if isinstance(after.outcome, Raised) or compare(before, after, rules, seam=seam).divergences:
            continue
        spots.append(BlindSpot(render(place), normal_place, change, ()))
    return BlindSpots(tuple(spots), tried, left_out=False)


def _seen(view: View, answer: Any, side: Side) -> Observation:
    return Observation(side, outcome_of(lambda: view(answer)), (), ())


def altered_answers(value: Any, place: Place, depth: int) -> Iterator[Altered]:
    """The value with one part of it changed or dropped, as a value of the same types."""
    if depth > DEPTH_MAX:
        return
    cls = type(value)
    names = None if isinstance(value, (Mapping, list, tuple, set, frozenset)) else _names_of(value)
    if isinstance(value, Mapping) and hasattr(cls, "__setitem__"):
        yield from _altered_mapping(value, place, depth)
    elif cls in (list, tuple):
        yield from _altered_rows(list(value), cls, place, depth)
    elif isinstance(value, tuple) and hasattr(cls, "_fields"):
        for name in cls._fields:
            for at, change, other in altered_answers(getattr(value, name), (*place, name), depth + 1):
                yield at, change, cls(*(other if one == name else getattr(value, one) for one in cls._fields))
    elif cls in (set, frozenset):
        for index, member in enumerate(value):
            yield (*place, index), "dropped", cls(one for one in value if one is not member)
    elif names is not None:
        for name in names:
            for at, change, other in altered_answers(getattr(value, name), (*place, name), depth + 1):
                changed = copy.copy(value)
                object.__setattr__(changed, name, other)
                yield at, change, changed
    else:
        yield place, "changed", altered_leaf(value)


def _altered_mapping(value: Mapping[Any, Any], place: Place, depth: int) -> Iterator[Altered]:
    for key, part in value.items():
        below = (*place, Key(key))
        without: Any = copy.copy(value)
        del without[key]
        yield below, "dropped", without
        for at, change, other in altered_answers(part, below, depth + 1):
            changed: Any = copy.copy(value)
            changed[key] = other
            yield at, change, changed


def _altered_rows(rows: list[Any], cls: type, place: Place, depth: int) -> Iterator[Altered]:
    for index, part in enumerate(rows):
        before, after = rows[:index], rows[index + 1 :]
        yield (*place, index), "dropped", cls(before + after)
        for at, change, other in altered_answers(part, (*place, index), depth + 1):
            yield at, change, cls([*before, other, *after])


def _names_of(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, type) or callable(value) or isinstance(value, BaseException):
        return None
    return field_names(value) or None
