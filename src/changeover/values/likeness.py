"""Whether nothing tells two values apart for code that looks at them, not even what counts as the same.

Stricter than any comparison: the order of names, `1.0` beside `1.00` and `-0.0` beside `0.0` are told apart,
since code of the program may ask for them. Only what is known to be alike by its class is said to be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from marshal import dumps
from math import copysign
from typing import Any

from changeover.values.copy_plan import plan_of
from changeover.values.limits import DEPTH_MAX
from changeover.values.object_copies import copy_frozen, copy_object, share
from changeover.values.own_state import is_hidden, state_viewer
from changeover.values.reading import remembered

_LEAVES: frozenset[type] = frozenset({str, int, bool, bytes, type(None), date, timedelta})
"""Of two of one of these types `==` says all there is to say."""
_PLAIN_LEAVES: frozenset[type] = frozenset({str, int, float, bool, type(None)})
_WITHOUT_IDENTITY = 2
"""The format of `marshal` in which it is not written whether two parts are one object."""
Rows = tuple[list[Any], list[Any]]
"""The names of the parts, and the parts."""


class _How:
    """How the values of a class are looked through, all that they hold."""

    __slots__ = ("may_change", "rows")

    def __init__(self, rows: Callable[[Any], Rows], *, may_change: bool) -> None:
        self.rows = rows
        self.may_change = may_change


def nothing_tells_apart(one: Any, other: Any, depth: int = 0) -> bool:
    """True where both are alike in all but the identity of their parts; False says nothing."""
    cls = type(one)
    if cls is not type(other):
        return False
    if cls in _LEAVES:
        return bool(one == other)
    leaf = _LEAF.get(cls)
    if leaf is not None:
        return leaf(one, other)
    how = _EXACT.get(cls) or _how_of(cls)
    if how is None:
        return one is other and plan_of(cls).how is share
    if depth > DEPTH_MAX or (how.may_change and one is other):
        return False  # one object that can change is not what it was
    names, parts = how.rows(one)
    its_names, its_parts = how.rows(other)
    return _are_alike(names, its_names, depth) and _are_alike(parts, its_parts, depth)


def _are_alike(left: list[Any], right: list[Any], depth: int) -> bool:
    if len(left) != len(right):
        return False
    for one, other in zip(left, right, strict=True):
        cls = type(one)
        if cls in _LEAVES:
            if cls is not type(other) or one != other:
                return False
        elif not nothing_tells_apart(one, other, depth + 1):
            return False
    return True


def plain_token(value: Any) -> bytes | None:
    """Of what is plain the same for what nothing tells apart; of other values it says nothing.

    Two tokens that are equal are those of values that are both plain, or both not.
    """
    try:
        return dumps(value, _WITHOUT_IDENTITY)
    except Exception:  # noqa: BLE001  a buffer that cannot be had, what is nested too deep
        return None


def is_plain(value: Any, depth: int = 0) -> bool:
    """Whether there are only dicts, lists, tuples, texts, numbers, booleans and None in a value."""
    cls = type(value)
    if cls in _PLAIN_LEAVES:
        return True
    if cls not in _EXACT or depth > DEPTH_MAX:
        return False
    return all(is_plain(part, depth + 1) for row in _EXACT[cls].rows(value) for part in row)


def _same_float(one: float, other: float) -> bool:
    return one == other and copysign(1, one) == copysign(1, other)


def _same_decimal(one: Decimal, other: Decimal) -> bool:
    return str(one) == str(other)


def _same_time(one: datetime | time, other: datetime | time) -> bool:
    return one.tzinfo is other.tzinfo and one.fold == other.fold and one == other


_LEAF: dict[type, Callable[[Any, Any], bool]] = {
    float: _same_float,
    Decimal: _same_decimal,
    datetime: _same_time,
    time: _same_time,
}
_EXACT: dict[type, _How] = {
    dict: _How(lambda value: ([*value], [*value.values()]), may_change=True),
    list: _How(lambda value: ([], value), may_change=True),
    tuple: _How(lambda value: ([], [*value]), may_change=False),
}


@remembered
def _how_of(cls: type) -> _How | None:
    how = plan_of(cls).how
    if (how is not copy_frozen and how is not copy_object) or is_hidden(cls):
        return None
    view = state_viewer(cls)

    def rows(value: Any) -> Rows:
        state = view(value)
        return [*state], [*state.values()]

    return _How(rows, may_change=how is copy_object)
