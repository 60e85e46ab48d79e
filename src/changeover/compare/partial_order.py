"""The order of effects that both sides fix: what overlapped on either side may come in any order.

An example, of two tasks on legacy's side and one after the other on the candidate's:

    legacy     submit(SPY) and submit(TLT) at the same time, then confirm()
    candidate  submit(TLT), confirm(), submit(SPY)

The two submits have no order. `confirm` comes after `submit(SPY)` on legacy's side and before it on the
candidate's, which is a difference. Ranked anew, the candidate's effects are those of the order nearest to
legacy's: submit(TLT), confirm(), submit(SPY).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise

from changeover.values.limits import NotComparable
from changeover.values.observation import PortCall

OVERLAPPING_MAX = 1_000

Effect = tuple[int, PortCall]
"""With how many effects came before it on its side."""
Pair = tuple[Effect, Effect]
"""The same effect on both sides, legacy's first."""


def ranks(pairs: Sequence[Pair]) -> list[int]:
    """The place of each pair on the candidate's side; `pairs` are in legacy's order.

    Raises NotComparable for too many effects of which some overlapped.
    """
    numbers = [number for _, (number, _) in pairs]
    if not any(call.during is not None for pair in pairs for _, call in pair):
        return numbers
    if _rises(numbers):
        return numbers
    if len(pairs) > OVERLAPPING_MAX:
        raise NotComparable(f"more than {OVERLAPPING_MAX:,} effects of which some were made at the same time")
    return _nearest(pairs)


def overlap(calls: Sequence[PortCall]) -> bool:
    """Whether two of these, in the order in which they ended, have no order; many are taken to have none."""
    if all(call.during is None for call in calls):
        return False
    return len(calls) > OVERLAPPING_MAX or any(
        not _precedes((0, one), (1, other)) for index, one in enumerate(calls) for other in calls[index + 1 :]
    )


def _nearest(pairs: Sequence[Pair]) -> list[int]:
    after: list[list[int]] = [[] for _ in pairs]
    held = [0] * len(pairs)
    for index, one in enumerate(pairs):
        for other in range(index + 1, len(pairs)):
            if not _precedes(one[0], pairs[other][0]):
                continue  # no order on legacy's side
            if _precedes(one[1], pairs[other][1]):
                first, second = index, other
            elif _precedes(pairs[other][1], one[1]):
                first, second = other, index
            else:
                continue
            after[first].append(second)
            held[second] += 1
    free = [index for index, number in enumerate(held) if not number]
    found = [0] * len(pairs)
    for rank in range(len(pairs)):
        index = heapq.heappop(free)
        found[index] = rank
        for later in after[index]:
            held[later] -= 1
            if not held[later]:
                heapq.heappush(free, later)
    return found


def _precedes(one: Effect, other: Effect) -> bool:
    mine, theirs = one[1].during, other[1].during
    return one[0] < other[0] if mine is None or theirs is None else mine.precedes(theirs)


def _rises(numbers: Sequence[int]) -> bool:
    return all(earlier < later for earlier, later in pairwise(numbers))
