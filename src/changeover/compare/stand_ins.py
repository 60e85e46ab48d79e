"""What makes two rows the same row where rules let values differ: a token without those values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from decimal import Decimal
from functools import reduce
from typing import Any

from changeover.compare import limits
from changeover.compare.rule_matcher import Node
from changeover.values.form import leaves, opened, token
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import is_number, number
from changeover.values.scalars import token as scalar_token

_LEFT_OUT = "left out"


def stand_in(value: Any, node: Node) -> Hashable:
    """The value's token at this place, with ignored, tolerated and renamed leaves left out."""
    return _stand_in(value, node, [], [limits.LEAVES_MAX])


def row_key(row: Any, names: tuple[str, ...], node: Node) -> tuple[Hashable, tuple[Any, ...]]:
    """The key of a row as a token, and its values as they stand in the row.

    A row without one of the names has None among its values and its own token for it; what is no row of
    names at all is its own key.
    """
    if type(row) is dict:
        key = tuple(_key_part(row[name], node.name(name)) if name in row else _LEFT_OUT for name in names)
        return key, tuple([row.get(name) for name in names])
    shape, parts = opened(row)
    if shape is not Shape.NAMES:
        return ("no row", token(row)), (row,) if shape is Shape.SCALAR else (None,)
    key = tuple(_key_part(parts[name], node.name(name)) if name in parts else _LEFT_OUT for name in names)
    return key, tuple(parts.get(name) for name in names)


def tolerated_numbers(value: Any, node: Node) -> tuple[Decimal, ...]:
    """The finite numbers in the value that a rule lets differ a little, in order."""
    found: list[Decimal] = []
    for place, leaf in leaves(value):
        at = reduce(lambda here, segment: here.at(segment), place, node)
        if at.tolerates and is_number(leaf):
            found.append(number(leaf))
    return tuple(size for size in found if size.is_finite())


def _key_part(value: Any, node: Node) -> Hashable:
    return token(value, node.types)


def _stand_in(value: Any, node: Node, trail: list[int], left: list[int]) -> Hashable:
    if node.ignore or (node.tolerates and is_number(value)):
        return _LEFT_OUT
    shape, parts = opened(value)
    if shape is Shape.SCALAR:
        if node.bijection and value is not None:
            return _LEFT_OUT
        return scalar_token(value, reading_of(type(value)).scalar or type(value), node.types)
    if shape is Shape.UNREADABLE:
        return (shape, id(value))
    if id(value) in trail:
        return ("cycle", len(trail) - trail.index(id(value)))
    if len(trail) >= limits.DEPTH_MAX:
        raise limits.too_deep()
    left[0] -= len(parts)
    if left[0] < 0:
        raise limits.too_many()
    below_here = [*trail, id(value)]
    if isinstance(parts, dict):
        named = (
            (name, _stand_in(part, below, below_here, left))
            for name, part in parts.items()
            if not (below := node.at(name)).ignore
        )
        return (shape, frozenset(named))
    members = tuple(_stand_in(part, node.item(index), below_here, left) for index, part in enumerate(parts))
    if shape is Shape.ITEMS and not (node.any_order or node.match_by):
        return (shape, members)
    return (shape, frozenset(Counter(members).items()))
