"""Where several paths stand while a value is walked from its root down."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from changeover.compare.paths import Anything, PathPart
from changeover.values.place import Segment

_Paths = Sequence[tuple[PathPart, ...]]
_State = tuple[int, int]
PathStates = frozenset[_State]
"""Of every path that still matches: its number, and that of its next part."""


def opened(paths: _Paths, states: Collection[_State]) -> PathStates:
    """These, and those behind a `**`, which may stand for nothing."""
    found = set(states)
    for number, at in states:
        parts = paths[number]
        while at < len(parts) and isinstance(parts[at], Anything):
            at += 1
            found.add((number, at))
    return frozenset(found)


def stepped(paths: _Paths, states: PathStates, segment: Segment) -> tuple[set[_State], set[_State]]:
    """One segment further down: those that stay at their `**`, and those whose next part fits."""
    stayed: set[_State] = set()
    arrived: set[_State] = set()
    for number, at in states:
        part = paths[number][at] if at < len(paths[number]) else None
        if isinstance(part, Anything):
            stayed.add((number, at))
        elif part is not None and part.fits(segment):
            arrived.add((number, at + 1))
    return stayed, arrived
