"""Whether a value still is what it was when it was copied.

A copy shares what cannot change with its original. So where nothing was changed, almost every pair that is
met here is one object, and is not looked into.
"""

from __future__ import annotations

from typing import Any

from changeover.values.content_key import same_content
from changeover.values.limits import DEPTH_MAX, too_deep
from changeover.values.reading import Shape, own_state, reading_of
from changeover.values.shapes import Reading

_CONTAINERS = (list, tuple, dict, set, frozenset)
_LEAVES = frozenset({int, bool, type(None), str, bytes})


def is_unchanged(before: Any, after: Any) -> bool:
    """Whether a copy and its original have the same types and contents; raises what reading them raises."""
    return before is after or _same(before, after, set(), 0)


def _same(before: Any, after: Any, inside: set[tuple[int, int]], depth: int) -> bool:
    cls = type(before)
    if cls is not type(after):
        return False
    if cls in _LEAVES:
        return bool(before == after)
    if depth > DEPTH_MAX:
        raise too_deep()
    if cls in _CONTAINERS:
        ours, theirs = before, after
    elif _is_made_alike(reading_of(cls), before, after, depth):
        return True
    elif issubclass(cls, _CONTAINERS) or not is_kept_in_attributes(cls):
        return same_content(before, after)
    else:
        ours, theirs = own_state(before), own_state(after)
    pair = (id(before), id(after))
    if pair in inside:
        return True
    inside.add(pair)
    return _same_parts(ours, theirs, inside, depth + 1)


def _is_made_alike(reading: Reading, before: Any, after: Any, depth: int) -> bool:
    """Whether copies of both would be made of the same, which is often seen faster; False says nothing."""
    if reading.alike is not None:
        return reading.alike(before, after)
    if reading.copied is None or reading.make is None:
        return False
    ours, theirs = reading.copied(before), reading.copied(after)
    return type(ours) is dict is type(theirs) and _same_parts(ours, theirs, set(), depth + 1)


def is_kept_in_attributes(cls: type) -> bool:
    """Whether all that is read of a value are its attributes: an array of numpy has none."""
    reading = reading_of(cls)
    return reading.shape is Shape.NAMES and reading.make is None


def _same_parts(ours: Any, theirs: Any, inside: set[tuple[int, int]], depth: int) -> bool:
    if len(ours) != len(theirs):
        return False
    if isinstance(ours, dict):
        for name, part in ours.items():
            other = theirs.get(name, _MISSING)
            if other is not part and not _same(part, other, inside, depth):
                return False
        return True
    if isinstance(ours, set | frozenset):
        return same_content(ours, theirs)
    return all(
        part is other or _same(part, other, inside, depth) for part, other in zip(ours, theirs, strict=True)
    )


_MISSING = object()
