"""Which rows of two lists belong together, where their order does not matter or where some are missing.

All pairings are symmetric: with the sides exchanged the same rows are paired. None looks at more than one
pair of rows at a time that share a key, so the cost is linear.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from functools import reduce
from typing import Any

from changeover.compare.rules import Node
from changeover.quick_dataclass import dataclass
from changeover.values import limits
from changeover.values.cyclic_token import SharedToken
from changeover.values.form import leaves, open_value, token
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import is_number, number
from changeover.values.scalars import token as scalar_token

ALIGNED_CELLS_MAX = 250_000
"""Lists whose differing middles multiply to more than this are paired by position after all."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs of indexes in legacy's order, and the rows that only one side has."""

    pairs: tuple[Pair, ...]
    only_legacy: tuple[int, ...]
    only_candidate: tuple[int, ...]

    @property
    def reorders(self) -> bool:
        """True where the paired rows stand in another order on the candidate's side."""
        return any(later[1] < earlier[1] for earlier, later in zip(self.pairs, self.pairs[1:], strict=False))


def paired_by_key(legacy: Sequence[Hashable], candidate: Sequence[Hashable]) -> Pairing:
    """Rows with the same key belong together; of several with one key the first with the first, and so on."""
    return paired_by_keys([legacy], [candidate])


def paired_by_keys(legacy: Sequence[Sequence[Hashable]], candidate: Sequence[Sequence[Hashable]]) -> Pairing:
    """The same with several keys per row, the closest first: what one key leaves over, the next one pairs."""
    left: list[int] = list(range(len(legacy[0])))
    right: list[int] = list(range(len(candidate[0])))
    pairs: list[Pair] = []
    for ours, theirs in zip(legacy, candidate, strict=True):
        waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for index in right:
            waiting[theirs[index]].append(index)
        unpaired: list[int] = []
        for index in left:
            if waiting[ours[index]]:
                pairs.append((index, waiting[ours[index]].popleft()))
            else:
                unpaired.append(index)
        left = unpaired
        right = sorted(index for indexes in waiting.values() for index in indexes)
    return Pairing(tuple(sorted(pairs)), tuple(left), tuple(right))


def left_paired(left: Pairing, legacy: Sequence[Hashable], candidate: Sequence[Hashable]) -> Pairing:
    """Pair what a pairing has left by other keys: those of its rows on one side only, in their order."""
    ours, theirs = left.only_legacy, left.only_candidate
    again = paired_by_key(legacy, candidate)
    return Pairing(
        tuple((ours[one], theirs[other]) for one, other in again.pairs),
        tuple(ours[one] for one in again.only_legacy),
        tuple(theirs[one] for one in again.only_candidate),
    )


def paired_in_order(
    legacy: Sequence[Any], candidate: Sequence[Any], stands_for: Callable[[Any], Hashable]
) -> Pairing:
    """Rows of two lists of different length, in order: the same rows together, the rest by position between.

    `stands_for` gives what makes two rows the same row, without what a rule lets differ.
    """
    left = [stands_for(row) for row in legacy]
    right = [stands_for(row) for row in candidate]
    if len(left) > len(right):
        turned = paired_in_order_of_tokens(right, left)
        return Pairing(
            tuple((ours, theirs) for theirs, ours in turned.pairs), turned.only_candidate, turned.only_legacy
        )
    return paired_in_order_of_tokens(left, right)


def paired_in_order_of_tokens(shorter: Sequence[Hashable], longer: Sequence[Hashable]) -> Pairing:
    """The same, where the first list is known not to be the longer one: the aligner is not symmetric."""
    head = 0
    while head < len(shorter) and shorter[head] == longer[head]:
        head += 1
    tail = 0
    while tail < len(shorter) - head and shorter[-1 - tail] == longer[-1 - tail]:
        tail += 1
    pairs = [(index, index) for index in range(head)]
    surplus: list[int] = []
    missing: list[int] = []
    left, right = shorter[head : len(shorter) - tail], longer[head : len(longer) - tail]
    if len(left) * len(right) > ALIGNED_CELLS_MAX:
        blocks = [("replace", 0, len(left), 0, len(right))]
    else:
        aligner = SequenceMatcher(None, left, right, autojunk=False)
        blocks = [(str(tag), a, b, c, d) for tag, a, b, c, d in aligner.get_opcodes()]
    for _, start, end, other_start, other_end in blocks:
        both = min(end - start, other_end - other_start)
        pairs += [(head + start + step, head + other_start + step) for step in range(both)]
        missing += range(head + start + both, head + end)
        surplus += range(head + other_start + both, head + other_end)
    pairs += [(len(shorter) - step, len(longer) - step) for step in range(tail, 0, -1)]
    return Pairing(tuple(pairs), tuple(missing), tuple(surplus))


_LEFT_OUT = "left out"
_NO_ROW = "no row"


def stand_in(value: Any, node: Node) -> Hashable:
    """The value's token at this place, with ignored, tolerated and renamed leaves left out."""
    return _StandIns().of(value, node)


def row_key(row: Any, names: tuple[str, ...], node: Node) -> tuple[Hashable, tuple[Any, ...]]:
    """The key of a row as a token, and its values as they stand in the row.

    A row without one of the names has None among its values and its own token for it; what is no row of
    names at all is its own key.
    """
    if type(row) is dict:
        key = tuple(token(row[name], node.name(name).types) if name in row else _LEFT_OUT for name in names)
        return key, tuple([row.get(name) for name in names])
    shape, parts = open_value(row)
    if shape is not Shape.NAMES:
        return (_NO_ROW, token(row)), (row,) if shape is Shape.SCALAR else (None,)
    key = tuple(token(parts[name], node.name(name).types) if name in parts else _LEFT_OUT for name in names)
    return key, tuple(parts.get(name) for name in names)


def tolerated_numbers(value: Any, node: Node) -> tuple[Decimal, ...]:
    """The finite numbers in the value that a rule lets differ a little, in order."""
    found: list[Decimal] = []
    for place, leaf in leaves(value):
        at = reduce(lambda here, segment: here.at(segment), place, node)
        if at.tolerates and is_number(leaf):
            found.append(number(leaf))
    return tuple(size for size in found if size.is_finite())


def no_row_has(names: tuple[str, ...], *keys: Sequence[Hashable]) -> bool:
    """Whether one of these names stands in no row of either side, so that rows cannot be told apart by it.

    A row without any names, as a list or a number is, has none of them.
    """
    every = [key for side in keys for key in side]
    return bool(every) and any(
        all(isinstance(key, tuple) and (key[0] == _NO_ROW or key[at] == _LEFT_OUT) for key in every)
        for at in range(len(names))
    )


def tolerated_leaves(value: Any, node: Node) -> list[tuple[Node, Any]]:
    """The numbers in the value that a rule lets differ a little, with their settings, in order."""
    found: list[tuple[Node, Any]] = []
    for place, leaf in leaves(value):
        at = reduce(lambda here, segment: here.at(segment), place, node)
        if at.tolerates and is_number(leaf):
            found.append((at, leaf))
    return found


class _StandIns:
    """Makes stand-ins; a part that is met again, at a place with the same rules, is not looked at again."""

    def __init__(self) -> None:
        self._trail: list[int] = []
        self._left = limits.LEAVES_MAX
        self._done: dict[tuple[int, Node], Hashable] = {}
        self._kept: list[Any] = []

    def of(self, value: Any, node: Node) -> Hashable:
        """The stand-in of one value."""
        if node.ignore or (node.tolerates and is_number(value)):
            return _LEFT_OUT
        shape, parts = open_value(value)
        if shape is Shape.SCALAR:
            if node.bijection and value is not None:
                return _LEFT_OUT
            return scalar_token(value, reading_of(type(value)).scalar or type(value), node.types)
        if shape is Shape.UNREADABLE:
            return (shape, id(value))
        known = self._done.get((id(value), node))
        if known is not None:
            if type(known) is not SharedToken:
                known = self._done[id(value), node] = SharedToken(known)
            return known
        if id(value) in self._trail:
            return ("cycle", len(self._trail) - self._trail.index(id(value)))
        if len(self._trail) >= limits.DEPTH_MAX:
            raise limits.too_deep()
        self._left -= len(parts)
        if self._left < 0:
            raise limits.too_many()
        self._trail.append(id(value))
        self._kept.append((value, parts))
        made = (shape, self._inside(shape, parts, node))
        self._trail.pop()
        self._done[id(value), node] = made
        return made

    def _inside(self, shape: Shape, parts: Any, node: Node) -> Hashable:
        if isinstance(parts, dict):
            places = ((name, part, node.at(name)) for name, part in parts.items())
            return frozenset((name, self.of(part, below)) for name, part, below in places if not below.ignore)
        members = tuple(self.of(part, node.item(index)) for index, part in enumerate(parts))
        if shape is Shape.ITEMS and not (node.any_order or node.match_by):
            return members
        return frozenset(Counter(members).items())
