"""Which effects of a port may change the answer of a read: those that touch a part which it touches. Pure.

A port that says nothing of its parts is one: every effect may change every answer. One that does (`parts` of
`record.channel.Operation`) has its epochs part by part, as a store of keys has: what was written under one
key changes no answer under another one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from changeover.record.tape import Entry

Parts = frozenset[Hashable] | None
"""None is all of the port."""


def parts_of(entry: Entry) -> Parts:
    """What a call on the tape touches; raises what the function of the operation raises."""
    named = entry.method.parts
    return None if named is None else named(*entry.args, **entry.kwargs)


class EffectsByPart:
    """The numbers of the effects of one port, found by the parts that they touch."""

    def __init__(self) -> None:
        self._all: list[int] = []
        self._everywhere: list[int] = []
        self._by_part: dict[Hashable, list[int]] = {}

    def add(self, number: int, parts: Parts) -> None:
        """An effect touches these; effects come in the order of their numbers."""
        self._all.append(number)
        if parts is None:
            self._everywhere.append(number)
            return
        for part in parts:
            self._by_part.setdefault(part, []).append(number)

    def on(self, parts: Parts) -> Sequence[int]:
        """The effects that touch any of these, in their order."""
        if parts is None or len(self._everywhere) == len(self._all):
            return self._all
        found = set(self._everywhere).union(*(self._by_part.get(part, ()) for part in parts))
        return sorted(found)
