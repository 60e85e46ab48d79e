"""A set that iterates in a given order, so that a path walks through a copied set as through the caller's."""

from collections.abc import Iterator, Sequence
from operator import is_
from typing import Any

MEMBERS_MAX = 64
"""Larger sets are filled as they come: what it costs to order them grows, and every call pays it."""

MEMBERS_BY_ADDRESS_MAX = 4
"""The place of what has no hash of its own says nothing of where its copy belongs: more can seldom be had."""

_SIZES = ((8, 0, False), (16, 5, True), (32, 5, False), (64, 16, True), (128, 19, False), (256, 64, True))
"""The sizes of a table, how many members bring an empty set there, and whether they come as a set.

One by one a table grows to the power of two above four times its members, given a set to that above twice.
"""

_PROBES = 24
_LINEAR = 9
_SHIFT = 5


def fill_in_order(made: Any, members: Sequence[Any]) -> None:
    """Let a set hold members and nothing else, so that it iterates in their order where that can be had.

    The order in which a set iterates is the order of the places in its table, and a place depends on what
    was there when a member came: `{"a", "b"}` and `{"b", "a"}` may iterate differently. Where filling the set
    as it comes gives another order, each member is assigned a place of its own (CPython,
    `Objects/setobject.c`: nine places from where the hash points to, then from where the rest of the hash
    leads), rising along the order; fillers take the places it would have had earlier and are taken out again.

    Worked example, a table of 8: `b` and `a` both point to place 7, `a` was put in first, `b` went on to 2.
    The order is `b, a`. As it comes `b` would get 7 and `a` another one. The places that rise are 2 for `b`
    and 7 for `a`; `b` needs 7 to be taken, therefore `a` is put in first.
    """
    set.clear(made)
    set.update(made, members)
    if is_in_order(made, members) or len(made) != len(members) or len(members) > _most(members):
        return
    for size, first, is_given_a_set in _SIZES:
        if _is_put(made, members, size, first, is_given_a_set) and is_in_order(made, members):
            return
    set.clear(made)
    set.update(made, members)


def _most(members: Sequence[Any]) -> int:
    return MEMBERS_BY_ADDRESS_MAX if any(map(_is_hashed_by_address, members)) else MEMBERS_MAX


def _is_hashed_by_address(member: Any) -> bool:
    its_hash: Any = type(member).__hash__
    return its_hash is object.__hash__


def is_in_order(made: Any, members: Sequence[Any]) -> bool:
    """True where a set holds members and iterates in their order."""
    return len(made) == len(members) and all(map(is_, set.__iter__(made), members))


def _is_put(made: Any, members: Sequence[Any], size: int, first: int, is_given_a_set: bool) -> bool:
    """False, with the set as it was, where a table of this size does not have the places."""
    most = ((size - 1) * 3 - 1) // 5
    if len(members) > most:
        return False
    probed = [[*_places(hash(member), size - 1)] for member in members]
    chosen = _rising(probed)
    if chosen is None:
        return False
    before = [places[:at] for places, at in zip(probed, chosen, strict=True)]
    sitting = {places[at]: index for index, (places, at) in enumerate(zip(probed, chosen, strict=True))}
    order = _after_each_other(before, sitting)
    if order is None:
        return False
    taken = {place for places in before for place in places if place not in sitting}
    at_home = [index for index in order if not chosen[index]]
    free = (place for place in range(size) if place not in sitting and place not in taken)
    while len(taken) + len(at_home) < first:
        taken.add(next(free))
    if len(members) + len(taken) > most or len(taken) >= 2 * first > 0:
        return False
    fillers = [_Filler(place) for place in taken]
    # whoever sits where its hash points to gets there whenever it comes: these bring the table to its size
    growing: list[Any] = [*fillers, *(members[index] for index in at_home)]
    if first:
        growing = growing[: 2 * first - 1]
    set.clear(made)
    set.update(made, {*growing} if is_given_a_set else growing)
    set.update(made, [members[index] for index in order])
    for filler in fillers:
        set.discard(made, filler)
    return True


def _places(value: int, mask: int) -> Iterator[int]:
    """The places of a table that a member is looked for, in their order; each once."""
    rest = value & 0xFFFFFFFFFFFFFFFF
    at, met = rest & mask, dict[int, None]()
    while len(met) < min(_PROBES, mask):
        last = at + _LINEAR if at + _LINEAR <= mask else at
        for place in range(at, last + 1):
            if place not in met:
                met[place] = None
                yield place
        rest >>= _SHIFT
        if not rest and len(met) > mask // 2:
            return
        at = (at * 5 + 1 + rest) & mask


def _rising(probed: Sequence[Sequence[int]]) -> list[int] | None:
    """For each member which of its places it gets, so that places rise and the fewest are passed over."""
    cheapest: list[tuple[int, int]] = [(-1, 0)]  # by place: what members up to here cost at the least
    kept: list[dict[int, tuple[int, int]]] = []
    for places in probed:
        before, costs, index, best, origin = cheapest, {}, 0, None, -1
        for place, at in sorted(zip(places, range(len(places)), strict=True)):
            while index < len(before) and before[index][0] < place:
                if best is None or before[index][1] < best:
                    origin, best = before[index]
                index += 1
            if best is not None:
                costs[place] = (at, origin)
                cheapest = cheapest if cheapest is not before else []
                cheapest.append((place, best + at))
        if cheapest is before:
            return None
        kept.append(costs)
    place = min(cheapest, key=lambda one: one[1])[0]
    chosen: list[int] = []
    for costs in reversed(kept):
        at, place = costs[place]
        chosen.append(at)
    return chosen[::-1]


def _after_each_other(before: Sequence[Sequence[int]], sitting: dict[int, int]) -> list[int] | None:
    """Members so that each comes after those whose places it passes over; None where that is a circle."""
    waits = [{sitting[place] for place in places if place in sitting} for places in before]
    order: dict[int, None] = {}
    while len(order) < len(waits):
        ready = [one for one, others in enumerate(waits) if one not in order and others <= order.keys()]
        if not ready:
            return None
        order.update(dict.fromkeys(ready))
    return [*order]


class _Filler:
    """Takes one place of a table; equal to nothing else."""

    __slots__ = ("_hash",)

    def __init__(self, place: int) -> None:
        self._hash = place + (0x5DEECE66D << 16)

    def __hash__(self) -> int:
        return self._hash
