"""Objects of methods that are made anew for stored scenarios: what the paths change in them is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from changeover.record.call_inputs import OBJECT
from changeover.record.context import Args
from changeover.record.port import PortBook
from changeover.replay.runner import OwnerIs, Replayed
from changeover.seam.seam import Seam
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.equality import strictly_same
from changeover.values.limits import LimitReached, NotComparable
from changeover.values.observation import Observation


@dataclass(frozen=True, slots=True)
class ReplayedOn:
    """What a path left behind, and the object that was made for it, as it was before; empty where unknown."""

    replayed: Replayed
    before: Args


def how_given(seam: Seam, owner: Args, book: PortBook) -> OwnerIs:
    """A path gets a copy of the object, so that its changes are seen; the object itself where it has none."""
    if not owner or seam.shared_self:
        return OwnerIs.MADE
    try:
        snapshot(owner, by_reference=book.holds)
    except SnapshotError:
        return OwnerIs.MADE
    return OwnerIs.COPIED


def with_objects(first: ReplayedOn, other: ReplayedOn) -> tuple[Replayed, Replayed] | str:
    """Both, with the objects that either path changed; or why these cannot be compared."""
    sides = first.replayed.observation, other.replayed.observation
    if all(OBJECT not in (side.changed or {}) for side in sides):
        return first.replayed, other.replayed
    if not _are_alike(first.before, other.before):
        return "a path changes its object, and owner= has made two that are not alike: let it make one twice"
    left = [_with(side, one.before) for side, one in zip(sides, (first, other), strict=True)]
    return replace(first.replayed, observation=left[0]), replace(other.replayed, observation=left[1])


def _are_alike(one: Args, other: Args) -> bool:
    try:
        return bool(one) and bool(other) and strictly_same(one, other)
    except (NotComparable, LimitReached):
        return False


def _with(side: Observation, before: Args) -> Observation:
    return replace(side, changed={OBJECT: before[0], **(side.changed or {})})
