"""Whether two values are strictly the same, decided on the values themselves, without building plain forms.

Exactly what the walk finds without rules, only sooner: `strictly_same` is true where the walk would find
nothing, and raises where the walk would. Two values that contain themselves are the same if no path tells
them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain
from operator import ne
from types import FunctionType
from typing import Any
from uuid import UUID

from changeover.values import limits
from changeover.values.addresses import same_text
from changeover.values.form import Tokens, open_value
from changeover.values.identity import identity_of
from changeover.values.kinds import are_two_kinds
from changeover.values.made_functions import code_key, held_by
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import token as scalar_token

TEXTS = frozenset({str, bytes})

Values = Callable[[Any], tuple[Any, ...]]
Suspects = list[int] | None


def suspect_records(
    left: Sequence[Any], right: Sequence[Any], values: Values, exact: frozenset[type]
) -> Suspects:
    """Of two lists, of the same length, of records of one class; `==` is right for `exact` types."""
    try:
        return _suspects([*map(values, left)], [*map(values, right)], exact)
    except AttributeError:
        return None


def suspect_mappings(left: Sequence[Any], right: Sequence[Any], exact: frozenset[type]) -> Suspects:
    """Of two lists, of the same length, of dicts with the same text keys in the same order."""
    if [*map(len, left)] != [*map(len, right)]:
        return None
    names, others = [*chain.from_iterable(left)], [*chain.from_iterable(right)]
    if names != others or {*map(type, names)} != {str} or {*map(type, others)} != {str}:
        return None
    if max(map(len, names)) > limits.NAME_MAX:
        return None
    return _suspects([(*row.values(),) for row in left], [(*row.values(),) for row in right], exact)


def _suspects(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], exact: frozenset[type]) -> Suspects:
    first = [*map(type, left[0])]
    leaves = [*chain.from_iterable(left)]
    types = [*map(type, leaves)]
    if not exact.issuperset(first) or types != first * len(left):
        return None
    if types != [*map(type, chain.from_iterable(right))]:
        return None
    for at, cls in enumerate(first):
        if cls in TEXTS and max(map(len, leaves[at :: len(first)])) > limits.TEXT_MAX:
            return None
    return [index for index, differs in enumerate(map(ne, left, right)) if differs]


_EXACT = frozenset({int, str, Decimal, float, bool, date, timedelta, UUID, bytes})
"""Where both are of one of these types, `==` means the same; where it says no, NaN may still be."""

_WITHOUT_DECIMAL = _EXACT - {Decimal}
_ROWS_MIN = 4
_ROW_MAX = 32
"""Rows up to this length are first looked at as a whole."""

_TRAIL_FROM = 4
"""Below this depth no pair is remembered: a cycle comes by again. Objects that know each other multiply."""
_TRAIL_AFTER = 500
"""Nor before so many leaves: parts that stand in many places come by again as well."""


def identical(one: Any, other: Any) -> bool:
    """True where the two are the same and every part is of the same class on both sides."""
    try:
        return _Comparison(_EXACT, classes=True).one(one, other, 0)
    except InvalidOperation:
        return _Comparison(_WITHOUT_DECIMAL, classes=True).one(one, other, 0)


def strictly_same(legacy: Any, candidate: Any, depth: int = 0) -> bool:
    """True where the two are the same under strict types; `depth` is how deep they stand already."""
    if legacy is candidate:
        return True
    try:
        return _Comparison(_EXACT).one(legacy, candidate, depth)
    except InvalidOperation:
        # A signalling NaN raises under `==`; without that short cut it is compared like everything else.
        return _Comparison(_WITHOUT_DECIMAL).one(legacy, candidate, depth)


def differing_rows(legacy: Sequence[Any], candidate: Sequence[Any], depth: int) -> list[int]:
    """The indexes at which two lists of the same length differ."""
    try:
        return _Comparison(_EXACT).differing(legacy, candidate, depth)
    except InvalidOperation:
        return _Comparison(_WITHOUT_DECIMAL).differing(legacy, candidate, depth)


def plainly_same(legacy: Any, candidate: Any) -> bool:
    """True for the same object and for equal leaves of common types; False says nothing."""
    if legacy is candidate:
        return True
    cls = type(legacy)
    if cls not in _EXACT or cls is not type(candidate):
        return False
    try:
        return bool(legacy == candidate) and (cls not in TEXTS or len(legacy) <= limits.TEXT_MAX)
    except InvalidOperation:
        return False


def same_leaf(legacy: Any, candidate: Any) -> bool:
    """True for equal leaves of common types; False says nothing."""
    cls = type(legacy)
    if cls not in _EXACT:
        return legacy is None and candidate is None
    return plainly_same(legacy, candidate) and (cls not in TEXTS or len(legacy) <= limits.TEXT_MAX)


class _Comparison:
    """One comparison: what is left of its limits, and the pairs that nothing has told apart yet."""

    __slots__ = ("classes", "exact", "kept", "left", "records", "texts", "trail")

    def __init__(self, exact: frozenset[type], *, classes: bool = False) -> None:
        self.exact = exact
        self.classes = classes
        self.left = limits.LEAVES_MAX
        self.kept: list[tuple[Any, Any]] = []  # so that no identity on the trail is used twice
        self.trail: set[tuple[int, int]] = set()
        self.records: dict[type, Callable[[Any], tuple[Any, ...]] | None] = {}
        self.texts: dict[tuple[type, ...], tuple[int, ...] | None] = {}

    def one(self, a: Any, b: Any, depth: int) -> bool:
        """Whether this pair is the same."""
        if a is b:
            return True
        cls = type(a)
        if cls is not type(b):
            if self.classes:
                return False
        else:
            values = self.record(cls)
            if values is not None:
                try:
                    left, right = values(a), values(b)
                except AttributeError:
                    return self.any_shape(a, b, depth)
                return self.inside(a, b, left, right, depth)
            if cls is list or cls is tuple:
                return len(a) == len(b) and self.rows(a, b, depth)
            if cls is dict and len(a) == len(b) and self.same_names(a, b):
                return self.inside(a, b, tuple(a.values()), tuple(b.values()), depth)
        return self.any_shape(a, b, depth)

    def differing(self, left: Sequence[Any], right: Sequence[Any], depth: int) -> list[int]:
        """The indexes at which two lists of the same length differ."""
        differing: list[int] = []
        for index in self.suspects(left, right):
            x, y = left[index], right[index]
            if x is y or (type(x) in self.exact and type(x) not in TEXTS and type(x) is type(y) and x == y):
                continue
            if not self.one(x, y, depth):
                differing.append(index)
                # Its pairs were taken for the same until it was told apart. A row that leads back to the list
                # meets those of a later one, which would then be passed over, with the only difference in it.
                self.trail.clear()
                self.kept.clear()
        return differing

    def rows(self, left: Sequence[Any], right: Sequence[Any], depth: int) -> bool:
        """Whether two lists of the same length are the same; of rows of leaves only suspects are opened."""
        suspects = self.suspects(left, right)
        if type(suspects) is range:  # nothing is known of any of them
            return self.inside(left, right, left, right, depth)
        self.left -= len(left)
        if self.left < 0:
            raise limits.too_many()
        return all(self.one(left[index], right[index], depth + 1) for index in suspects)

    def suspects(self, left: Sequence[Any], right: Sequence[Any]) -> Sequence[int]:
        """The rows of two lists of the same length that are not known to be the same."""
        if len(left) < _ROWS_MIN:
            return range(len(left))
        cls = type(left[0])
        values = self.record(cls)
        if (
            (cls is not dict and values is None)
            or {*map(type, left)} != {cls}
            or {*map(type, right)} != {cls}
        ):
            return range(len(left))
        if values is None:
            found = suspect_mappings(left, right, self.exact)
        else:
            found = suspect_records(left, right, values, self.exact)
        return range(len(left)) if found is None else found

    def record(self, cls: type) -> Callable[[Any], tuple[Any, ...]] | None:
        """What reads the values of an instance, where all instances have the same names."""
        try:
            return self.records[cls]
        except KeyError:
            values = self.records[cls] = reading_of(cls).values
            return values

    def all_leaves(self, left: Any, right: Any) -> bool:
        """True where a short row holds nothing but leaves that are the same; decided without a loop."""
        types = (*map(type, left),)
        try:
            texts = self.texts[types]
        except KeyError:
            texts = self.texts[types] = self.text_positions(types)
        if texts is None or types != (*map(type, right),) or tuple(left) != tuple(right):
            return False
        for at in texts:
            if len(left[at]) > limits.TEXT_MAX:
                raise limits.too_long()
        return True

    def text_positions(self, types: tuple[type, ...]) -> tuple[int, ...] | None:
        """Where in a row of these types texts stand, None where it is not of leaves alone."""
        if not self.exact.issuperset(types):
            return None
        return tuple(at for at, cls in enumerate(types) if cls in TEXTS)

    def same_names(self, a: dict[Any, Any], b: dict[Any, Any]) -> bool:
        """True where both have the same text keys in the same order; anything else takes the longer way."""
        for key, other in zip(a, b, strict=True):
            if type(key) is not str or len(key) > limits.NAME_MAX:
                return False
            if key is not other and (type(other) is not str or key != other):
                return False
        return True

    def inside(self, a: Any, b: Any, left: Any, right: Any, depth: int) -> bool:
        """Whether the parts of a pair are the same, taken in order; there are as many on both sides."""
        if depth >= limits.DEPTH_MAX:
            raise limits.too_deep()
        self.left -= len(left)
        if self.left < 0:
            raise limits.too_many()
        if len(left) <= _ROW_MAX and self.all_leaves(left, right):
            return True
        if depth >= _TRAIL_FROM or self.left < limits.LEAVES_MAX - _TRAIL_AFTER:
            # Not taken off one by one: a difference ends the whole comparison, or that of its row.
            pair = (identity_of(a), identity_of(b))
            if pair in self.trail:
                self.left += len(left)
                return True
            self.trail.add(pair)
            self.kept.append((a, b))
        exact = self.exact
        for x, y in zip(left, right, strict=True):
            if x is y:
                continue
            cls = type(x)
            if cls in exact:
                if cls is not type(y):
                    return False
                if x == y:
                    if cls in TEXTS and len(x) > limits.TEXT_MAX:
                        raise limits.too_long()
                elif (x == x or y == y) and not (cls is str and same_text(x, y)):
                    return False
            elif not self.one(x, y, depth + 1):
                return False
        return True

    def scalars(self, a: Any, b: Any) -> bool:
        """Whether two scalars, of any types, have the same token."""
        left, right = reading_of(type(a)).scalar, reading_of(type(b)).scalar
        return scalar_token(a, left or type(a), "strict") == scalar_token(b, right or type(b), "strict")

    def any_shape(self, a: Any, b: Any, depth: int) -> bool:
        """Whether two values are the same when each is opened: the way that knows every type."""
        shape, left = open_value(a)
        other, right = open_value(b)
        if shape is not other:
            return False
        if shape is Shape.UNREADABLE:
            return type(a) is FunctionType is type(b) and self.functions(a, b, depth)
        if shape is Shape.SCALAR:
            return self.scalars(a, b)
        if shape is Shape.BAG:
            return self.bags(left, right)
        if len(left) != len(right):
            return False
        if shape is Shape.ITEMS:
            return self.inside(a, b, left, right, depth)
        if left.keys() != right.keys() or are_two_kinds(type(a), type(b)):
            return False
        return self.inside(a, b, tuple(left.values()), tuple(right[name] for name in left), depth)

    def functions(self, a: FunctionType, b: FunctionType, depth: int) -> bool:
        """Whether two functions that paths made do the same with the same things."""
        if code_key(a) != code_key(b):
            return False
        left, right = held_by(a), held_by(b)
        # What it does with an object depends on the class of that.
        within = self if self.classes else _Comparison(self.exact, classes=True)
        return len(left) == len(right) and within.inside(a, b, left, right, depth)

    def bags(self, left: Sequence[Any], right: Sequence[Any]) -> bool:
        """Whether two sets have the same members."""
        if len(left) != len(right):
            return False
        tokens, others = Tokens(), Tokens()
        ours, theirs = [*map(tokens.of, left)], [*map(others.of, right)]
        if Counter(ours) != Counter(theirs):
            return False
        of_class = Counter(zip(ours, map(type, left), strict=True))
        and_theirs = Counter(zip(theirs, map(type, right), strict=True))
        if of_class == and_theirs:
            return True
        return not self.classes and not any(
            token == same and are_two_kinds(one, other)
            for token, one in of_class - and_theirs
            for same, other in and_theirs - of_class
        )
