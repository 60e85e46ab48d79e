"""The judge: two values walked side by side, guided by the rules, until every difference has its place.

An example, with `match_by = ["symbol"]` for `result.lots` and `abs = "0.01"` for `result.lots[*].cost`:

    legacy     {"lots": [{"symbol": "SPY", "cost": 10.00}, {"symbol": "TLT", "cost": 5.00}]}
    candidate  {"lots": [{"symbol": "TLT", "cost": 5.00},  {"symbol": "SPY", "cost": 10.02}]}

`visit` opens both values at `result` and finds two mappings, so `names` visits `result.lots` on both sides.
There two lists stand at a place with `match_by`: `_by_key` pairs row 0 with row 1 and row 1 with row 0, and
notes that the rule accepted another order. The TLT rows are the same and are not opened. The SPY rows are, at
`result.lots[SPY]`, and `_scalars` compares their costs: 0.02 apart is more than the rule allows, so that
`result.lots[SPY].cost` is kept as `tolerance-exceeded`.

Without `match_by` the lists are compared in order. Both have the same rows but for the cost, which a rule
tolerates: `_same_length` reports `order` once, pairs each row with its like all the same, and the cost is
found again, at `result.lots[0].cost`. A row that only one side has becomes `row-missing` or `row-extra`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from changeover.compare.findings import MUST_BE, Bijection, Findings, abs_difference, judge
from changeover.compare.rows import (
    Pairing,
    no_row_has,
    paired_by_key,
    paired_by_keys,
    paired_in_order,
    row_key,
    stand_in,
    tolerated_leaves,
    tolerated_numbers,
)
from changeover.compare.rules import Node
from changeover.values import limits
from changeover.values.divergence import ABSENT, Kind
from changeover.values.equality import differing_rows, plainly_same, same_leaf, strictly_same
from changeover.values.form import TYPE, open_value, token
from changeover.values.kinds import are_two_kinds
from changeover.values.not_loaded import is_one_sided
from changeover.values.own_state import class_name
from changeover.values.place import Key, Place, RowKey, Segment
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import is_number, number

Rows = Sequence[Any]
KIND: Segment = Key(TYPE)
"""Where two classes of a pair stand that are two kinds of one thing."""
PLACES_REPEATED_MAX = 1_000
"""So many pairs are visited before one that was visited at another place is no longer visited again."""
ROWS_SHOWN_MAX = 20
"""So many rows of a list in another order are kept as the example."""


def _by_class(rows: Rows, keys: Sequence[Hashable]) -> list[Sequence[Hashable]]:
    """Keys for pairing, the closest first: a row of the same class is nearer than one of another."""
    return [list(zip(keys, map(type, rows), strict=True)), keys]


class Walk:
    """One comparison of values; findings and identifiers are shared by all its visits."""

    def __init__(self, findings: Findings, bijection: Bijection) -> None:
        self.findings = findings
        self.bijection = bijection
        self._left = limits.LEAVES_MAX
        self._inside: set[tuple[int, int]] = set()
        self._seen: dict[tuple[int, int, Node], tuple[Any, Any]] = {}

    def visit(self, legacy: Any, candidate: Any, place: Place, node: Node) -> None:
        """Compare one pair at its place."""
        if not node.may_pair and self._seen_same(legacy, candidate):
            return
        self._left -= 1
        if self._left < 0:
            raise limits.too_many()
        if not node.bijection and same_leaf(legacy, candidate):
            return
        if node.ignore:
            self._ignore(legacy, candidate, place, node)
            return
        if is_one_sided(legacy, candidate):
            self.findings.add(Kind.COMPARER_ERROR, place, legacy, candidate)
            return
        shape, left = open_value(legacy)
        other, right = open_value(candidate)
        if shape is not other:
            self._other_shape(shape, other, legacy, candidate, place)
        elif shape is Shape.SCALAR:
            self._scalars(legacy, candidate, place, node)
        elif shape is Shape.UNREADABLE:
            if legacy is not candidate and not strictly_same(legacy, candidate):
                self.findings.add(Kind.COMPARER_ERROR, place, legacy, candidate)
        else:
            self._inside_of(legacy, candidate, left, right, place, node, shape)

    def _seen_same(self, legacy: Any, candidate: Any) -> bool:
        # Records and lists are opened at once, so that what differs in them is looked for only once.
        if plainly_same(legacy, candidate):
            return True
        cls = type(legacy)
        reading = reading_of(cls)
        if cls is list or cls is tuple or reading.values is not None or reading.shape is Shape.SCALAR:
            return False
        return strictly_same(legacy, candidate, len(self._inside))

    def _row_is_same(self, legacy: Any, candidate: Any) -> bool:
        return strictly_same(legacy, candidate, len(self._inside))

    def _inside_of(
        self, legacy: Any, candidate: Any, left: Any, right: Any, place: Place, node: Node, shape: Shape
    ) -> None:
        pair = (id(legacy), id(candidate))
        if pair in self._inside:
            return
        if len(self._inside) >= limits.DEPTH_MAX:
            raise limits.too_deep()
        if self._left < limits.LEAVES_MAX - PLACES_REPEATED_MAX:
            # Parts that stand in many places: what differs in them has been told at enough of these.
            if (*pair, node) in self._seen:
                return
            self._seen[(*pair, node)] = legacy, candidate
        self._inside.add(pair)
        if isinstance(left, dict):
            if are_two_kinds(type(legacy), type(candidate)):
                left = {KIND: class_name(type(legacy)), **left}
                right = {KIND: class_name(type(candidate)), **right}
            self.names(left, right, place, node)
        elif shape is Shape.BAG:
            self._bag(left, right, place, node)
        elif node.match_by is not None:
            self._by_key(left, right, place, node, node.match_by)
        elif node.any_order:
            self._any_order(left, right, place, node)
        else:
            self._items(left, right, place, node)
        self._inside.discard(pair)

    def _other_shape(self, shape: Shape, other: Shape, legacy: Any, candidate: Any, place: Place) -> None:
        if Shape.UNREADABLE in (shape, other):
            kind = Kind.COMPARER_ERROR
        else:
            kind = Kind.VALUE if legacy is None or candidate is None else Kind.TYPE
        self.findings.add(kind, place, legacy, candidate)

    def _ignore(self, legacy: Any, candidate: Any, place: Place, node: Node) -> None:
        if strictly_same(legacy, candidate):
            return
        allowed = MUST_BE.get(node.must_be or "")
        if allowed is not None and not (allowed(legacy) and allowed(candidate)):
            self.findings.add(Kind.TYPE, place, legacy, candidate)
            return
        far: Any = None
        if is_number(legacy) and is_number(candidate):
            numbers = number(legacy), number(candidate)
            far = abs_difference(*numbers) if all(size.is_finite() for size in numbers) else None
        self.findings.accept(node.ignore_rule, differs=node.must_be is None, difference=far)

    def _scalars(self, legacy: Any, candidate: Any, place: Place, node: Node) -> None:
        if node.bijection and legacy is not None and candidate is not None:
            if type(legacy) is not type(candidate):
                self.findings.add(Kind.TYPE, place, legacy, candidate)
            elif not self.bijection.pair(legacy, candidate, node.bijection_rule):
                self.findings.add(Kind.NOT_A_BIJECTION, place, legacy, candidate)
            elif token(legacy) != token(candidate):
                self.findings.accept(node.bijection_rule, differs=False)
            return
        kind, rule, difference = judge(legacy, candidate, node)
        if kind is not None and self.bijection.same_text(legacy, candidate):
            self.findings.accept(self.bijection.rule, differs=False)
        elif kind is not None:
            self.findings.add(kind, place, legacy, candidate)
        elif rule is not None:
            self.findings.accept(rule, differs=difference is not None, difference=difference)

    def names(
        self, left: Mapping[Segment, Any], right: Mapping[Segment, Any], place: Place, node: Node
    ) -> None:
        """Compare the parts of a place, name by name."""
        for name, value in left.items():
            if name in right:
                other = right[name]
                if node.may_pair or not plainly_same(value, other):
                    self.visit(value, other, (*place, name), node.at(name))
            else:
                self._one_side(Kind.MISSING, value, ABSENT, (*place, name), node.at(name))
        for name, value in right.items():
            if name not in left:
                self._one_side(Kind.EXTRA, ABSENT, value, (*place, name), node.at(name))

    def _one_side(self, kind: Kind, legacy: Any, candidate: Any, place: Place, node: Node) -> None:
        if not node.ignore or node.must_be is not None:
            self.findings.add(kind, place, legacy, candidate)
        else:
            self.findings.accept(node.ignore_rule, differs=True)

    def _bag(self, left: Rows, right: Rows, place: Place, node: Node) -> None:
        below = node.item(0)
        pairing = paired_by_keys(
            *(_by_class(side, [token(row, below.types) for row in side]) for side in (left, right))
        )
        for index, other in pairing.pairs:
            if are_two_kinds(type(left[index]), type(right[other])):
                self.visit(left[index], right[other], (*place, RowKey.of((left[index],))), below)
        for index in pairing.only_legacy:
            self._surplus(Kind.ROW_MISSING, left[index], (*place, RowKey.of((left[index],))), below)
        for index in pairing.only_candidate:
            self._surplus(Kind.ROW_EXTRA, right[index], (*place, RowKey.of((right[index],))), below)

    def _by_key(self, left: Rows, right: Rows, place: Place, node: Node, names: tuple[str, ...]) -> None:
        ours = [row_key(row, names, node.item(0)) for row in left]
        theirs = [row_key(row, names, node.item(0)) for row in right]
        keys, other_keys = [key for key, _ in ours], [key for key, _ in theirs]
        if no_row_has(names, keys, other_keys):
            self._items(left, right, place, node)  # a name that is written wrong hides no order
            return
        if len(set(keys)) < len(keys) or len(set(other_keys)) < len(other_keys):
            exact = [token(row) for row in left], [token(row) for row in right]
            pairing = paired_by_keys(
                [*_by_class(left, list(zip(keys, exact[0], strict=True))), keys],
                [*_by_class(right, list(zip(other_keys, exact[1], strict=True))), other_keys],
            )
        else:
            pairing = paired_by_key(keys, other_keys)
        if pairing.reorders:
            self.findings.accept(node.match_by_rule, differs=True)
        for index, other in pairing.pairs:
            if not node.may_pair and self._row_is_same(left[index], right[other]):
                continue
            segment = RowKey.of(ours[index][1])
            self.visit(left[index], right[other], (*place, segment), node.item(segment))
        for index in pairing.only_legacy:
            segment = RowKey.of(ours[index][1])
            self._surplus(Kind.ROW_MISSING, left[index], (*place, segment), node.item(segment))
        for index in pairing.only_candidate:
            segment = RowKey.of(theirs[index][1])
            self._surplus(Kind.ROW_EXTRA, right[index], (*place, segment), node.item(segment))

    def _any_order(self, left: Rows, right: Rows, place: Place, node: Node) -> None:
        below = node.item(0)
        exact = paired_by_keys(*(_by_class(side, [token(row) for row in side]) for side in (left, right)))
        # Of rows that are the same but for tolerated numbers, the smallest belongs to the smallest.
        ours = sorted(exact.only_legacy, key=lambda index: tolerated_numbers(left[index], below))
        theirs = sorted(exact.only_candidate, key=lambda index: tolerated_numbers(right[index], below))
        near = paired_by_key(
            self._stand_ins([left[index] for index in ours], node),
            self._stand_ins([right[index] for index in theirs], node),
        )
        pairing = Pairing(
            tuple(sorted((*exact.pairs, *((ours[index], theirs[other]) for index, other in near.pairs)))),
            tuple(sorted(ours[index] for index in near.only_legacy)),
            tuple(sorted(theirs[index] for index in near.only_candidate)),
        )
        if exact.pairs and (beyond := self._beyond(pairing, left, right, below)):
            # An equal row may be needed by another one: of all rows the smallest with the smallest.
            whole = self._by_size(left, right, node)
            if self._beyond(whole, left, right, below) < beyond:
                pairing = whole
        if pairing.reorders:
            self.findings.accept(node.any_order_rule, differs=True)
        self._paired(pairing, left, right, place, node)

    def _by_size(self, left: Rows, right: Rows, node: Node) -> Pairing:
        below = node.item(0)
        ours = sorted(range(len(left)), key=lambda index: tolerated_numbers(left[index], below))
        theirs = sorted(range(len(right)), key=lambda index: tolerated_numbers(right[index], below))
        sorted_pairs = paired_by_key(
            self._stand_ins([left[index] for index in ours], node),
            self._stand_ins([right[index] for index in theirs], node),
        )
        return Pairing(
            tuple(sorted((ours[index], theirs[other]) for index, other in sorted_pairs.pairs)),
            tuple(sorted(ours[index] for index in sorted_pairs.only_legacy)),
            tuple(sorted(theirs[index] for index in sorted_pairs.only_candidate)),
        )

    def _beyond(self, pairing: Pairing, left: Rows, right: Rows, below: Node) -> int:
        """How many pairs are not within their tolerances."""
        return sum(
            any(
                judge(one, other, at)[0] is not None
                for (at, one), (_, other) in zip(
                    tolerated_leaves(left[index], below), tolerated_leaves(right[match], below), strict=False
                )
            )
            for index, match in pairing.pairs
        )

    def _items(self, left: Rows, right: Rows, place: Place, node: Node) -> None:
        if len(left) == len(right):
            pairing = self._same_length(left, right, place, node)
        else:
            below = node.item(0)
            pairing = paired_in_order(left, right, lambda row: stand_in(row, below))
        self._paired(pairing, left, right, place, node)

    def _same_length(self, left: Rows, right: Rows, place: Place, node: Node) -> Pairing:
        differing = differing_rows(left, right, len(self._inside))
        if len(differing) > 1:
            ours = self._stand_ins([left[index] for index in differing], node)
            theirs = self._stand_ins([right[index] for index in differing], node)
            if ours != theirs and Counter(ours) == Counter(theirs):
                self.findings.add(
                    Kind.ORDER,
                    place,
                    [left[index] for index in differing[:ROWS_SHOWN_MAX]],
                    [right[index] for index in differing[:ROWS_SHOWN_MAX]],
                )
                moved = dict(paired_by_key(ours, theirs).pairs)
                places = {differing[index]: differing[other] for index, other in moved.items()}
                return Pairing(tuple((index, places.get(index, index)) for index in range(len(left))), (), ())
        if not node.item(0).may_pair:
            return Pairing(tuple((index, index) for index in differing), (), ())
        return Pairing(tuple((index, index) for index in range(len(left))), (), ())

    def _paired(self, pairing: Pairing, left: Rows, right: Rows, place: Place, node: Node) -> None:
        for index, other in pairing.pairs:
            self.visit(left[index], right[other], (*place, index), node.item(index))
        for index in pairing.only_legacy:
            self._surplus(Kind.ROW_MISSING, left[index], (*place, index), node.item(index))
        for index in pairing.only_candidate:
            self._surplus(Kind.ROW_EXTRA, right[index], (*place, index), node.item(index))

    def _surplus(self, kind: Kind, row: Any, place: Place, node: Node) -> None:
        legacy, candidate = (row, ABSENT) if kind is Kind.ROW_MISSING else (ABSENT, row)
        if open_value(row)[0] is Shape.UNREADABLE:
            kind = Kind.COMPARER_ERROR
        self._one_side(kind, legacy, candidate, place, node)

    def _stand_ins(self, rows: Rows, node: Node) -> list[Hashable]:
        below = node.item(0)
        return [stand_in(row, below) for row in rows]
