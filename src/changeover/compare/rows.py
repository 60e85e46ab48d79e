"""Which rows of two lists belong together, where their order does not matter or where some are missing.

All pairings are symmetric: with the sides exchanged the same rows are paired. None looks at more than one
pair of rows at a time that share a key, so the cost is linear.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

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
