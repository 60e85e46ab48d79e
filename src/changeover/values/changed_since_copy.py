"""Whether a value still is what it was when it was copied.

A copy shares what cannot change with its original. So where nothing was changed, almost every pair that is
met here is one object, and is not looked into.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any

from changeover.values import identity
from changeover.values.content_key import same_content
from changeover.values.limits import DEPTH_MAX, too_deep
from changeover.values.own_state import state_viewer
from changeover.values.reading import Shape, reading_of, remembered

_LEAVES = frozenset({int, bool, type(None), str, bytes})
Pair = tuple[int, int]


class Inside(set[Pair]):
    """The pairs that nothing has told apart yet; those `above` are being looked into by what they hold."""

    above: tuple[Pair, ...] = ()

    def within(self, pair: Pair) -> Inside:
        """A beginning for what that pair holds: where it is told apart, the pairs met in it are no help."""
        beginning = Inside((*self.above, pair))
        beginning.above = (*self.above, pair)
        return beginning


Same = Callable[[Any, Any, Inside, int], bool]


def is_unchanged(before: Any, after: Any) -> bool:
    """Whether a copy and its original have the same types and contents; raises what reading them raises."""
    return before is after or _same(before, after, Inside(), 0)


def _same(before: Any, after: Any, inside: Inside, depth: int) -> bool:
    cls = type(before)
    if cls is not type(after):
        return False
    if cls in _LEAVES:
        return bool(before == after)
    if depth > DEPTH_MAX:
        raise too_deep()
    how = _EXACT.get(cls) or _how_of(cls)
    if cls in _SETS and _TEXT.issuperset(map(type, before)) and _TEXT.issuperset(map(type, after)):
        return bool(before == after)
    pair = (identity.number_of(before), identity.number_of(after))
    if pair in inside:
        return True
    if how is _content:
        if cls not in _SETS and _is_made_alike(before, after, inside, pair, depth):
            return True
        return same_content(before, after)
    inside.add(pair)
    return how(before, after, inside, depth + 1)


def _is_made_alike(before: Any, after: Any, inside: Inside, pair: Pair, depth: int) -> bool:
    """Whether copies of both would be made of the same, which is often seen faster; False says nothing."""
    reading = reading_of(type(before))
    if reading.alike is not None:
        return reading.alike(before, after)
    if reading.copied is None or reading.make is None:
        return False
    within = inside.within(pair)
    if reading.state is not None and not _named(
        reading.state(before), reading.state(after), within, depth + 1
    ):
        return False
    ours, theirs = reading.copied(before), reading.copied(after)
    return type(ours) is dict is type(theirs) and _named(ours, theirs, within, depth + 1)


def is_kept_in_attributes(cls: type) -> bool:
    """Whether all that is read of a value are its attributes: an array of numpy has none."""
    reading = reading_of(cls)
    return reading.shape is Shape.NAMES and reading.make is None


def _named(ours: Any, theirs: Any, inside: Inside, depth: int) -> bool:
    return _holds_the_same(ours, theirs) or _by_name(ours, theirs, inside, depth)


def _holds_the_same(ours: Any, theirs: Any) -> bool:
    """Whether both hold the very same parts under the same names, as they mostly do."""
    return (
        len(ours) == len(theirs)
        and all(map(is_, ours.values(), theirs.values()))
        and all(map(is_, ours, theirs))
    )


def _by_name(ours: Any, theirs: Any, inside: Inside, depth: int) -> bool:
    if len(ours) != len(theirs):
        return False
    for name, part in ours.items():
        other = theirs.get(name, _MISSING)
        if other is not part and not _same(part, other, inside, depth):
            return False
    return True


def _table(ours: Any, theirs: Any, inside: Inside, depth: int) -> bool:
    """A table; a key that is an object may be copied too, and only its own class could look it up."""
    if _holds_the_same(ours, theirs):
        return True
    if len(ours) != len(theirs) or _LEAVES.issuperset(map(type, ours)):
        return _by_name(ours, theirs, inside, depth)
    if all(map(is_, ours, theirs)):
        return _in_order((*ours.values(),), (*theirs.values(),), inside, depth)
    return same_content(ours, theirs)


def _in_order(ours: Any, theirs: Any, inside: Inside, depth: int) -> bool:
    if len(ours) != len(theirs):
        return False
    if all(map(is_, ours, theirs)):
        return True
    for part, other in zip(ours, theirs, strict=True):
        if part is not other and not _same(part, other, inside, depth):
            return False
    return True


def _attributes(ours: Any, theirs: Any, inside: Inside, depth: int) -> bool:
    view = state_viewer(type(ours))  # both are of one class
    return _named(view(ours), view(theirs), inside, depth)


def _content(ours: Any, theirs: Any, inside: Inside, depth: int) -> bool:
    return same_content(ours, theirs)


_MISSING = object()
_EXACT: dict[type, Same] = {
    list: _in_order,
    tuple: _in_order,
    dict: _table,
    set: _content,
    frozenset: _content,
}
_SETS = (set, frozenset)
_TEXT = frozenset({str})


@remembered
def _how_of(cls: type) -> Same:
    if issubclass(cls, list | tuple | dict | set | frozenset) or not is_kept_in_attributes(cls):
        return _content
    return _attributes
