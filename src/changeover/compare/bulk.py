"""Many rows of one kind compared as one row: the leaves of all of them, side by side, at the speed of `==`.

Answers which rows may differ (a NaN looks different and is not), or None where it cannot tell any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import ne
from typing import Any

from changeover.compare import limits

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
