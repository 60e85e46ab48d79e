"""Which object of a port's class a replayed path calls, among those that were called when it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover.record.port_object import PortObject
from changeover.record.tape import Entry
from changeover.values.identity import identity_of


class AnotherObject(Exception):
    """The call was recorded on another object of the class, or on none that calls itself so."""


class CalledObjects:
    """The objects of one port that a tape has calls of, in groups; those that nothing tells apart are one.

    A tape `is_of_elsewhere` where the program may have been set up otherwise (another address of a server):
    there objects are told apart by nothing but what told the recorded ones apart.
    """

    def __init__(self, entries: Sequence[Entry], *, is_of_elsewhere: bool = False) -> None:
        self._among = _differing(entries) if is_of_elsewhere else None
        self._groups: list[list[PortObject]] = []
        self._of: dict[int, tuple[Any, int]] = {}
        self._places: dict[Any, int] = {}
        known = [entry for entry in entries if entry.owner is not None]
        for entry in known:
            if entry.owner is not None and identity_of(entry.owner.owner) not in self._of:
                self._take(entry.owner)
        self.has_several = len(self._groups) > 1 and len(known) == len(entries)
        for entry in entries:
            has_group = self.has_several and entry.owner is not None
            entry.group = self._of[identity_of(entry.owner.owner)][1] if has_group and entry.owner else None
            self._places.setdefault(entry.place[:2], entry.group or 0)
        self._recorded = {entry.place for entry in entries}

    def _take(self, called: PortObject) -> int:
        number = self._group_of(called)
        if number is None:
            number = len(self._groups)
            self._groups.append([])
        self._groups[number].append(called)
        self._of[identity_of(called.owner)] = called.owner, number
        return number

    def _group_of(self, called: PortObject) -> int | None:
        for number, group in enumerate(self._groups):
            if all(called.differs_from(one, self._among) is None for one in group):
                return number
        return None

    def place(self, place: Any, owner: Any) -> Any:
        """The place of a call on this object; raises AnotherObject where only another one was called so."""
        if not self._groups:
            return place
        found = self._of.get(identity_of(owner))
        if found is None:
            called = PortObject.of(owner)
            number = self._group_of(called)
            if number is None:
                raise AnotherObject(self._difference(called))
            self._groups[number].append(called)
            self._of[identity_of(owner)] = owner, number
        else:
            number = found[1]
        if not self.has_several:
            return place
        own = (*place, number)
        if own not in self._recorded and place in self._places:
            called = next(one for one in self._groups[number] if one.owner is owner)
            raise AnotherObject(self._difference(called, self._groups[self._places[place]]))
        return own

    def _difference(self, called: PortObject, group: Sequence[PortObject] | None = None) -> str:
        others = self._groups[0] if group is None else group
        names = (called.differs_from(one, self._among) for one in others)
        name = next((name for name in names if name is not None), "")
        cls = type(called.owner).__name__
        return f"it was called on another {cls} when it was recorded: their `{name}` differs"


def _differing(entries: Sequence[Entry]) -> set[str]:
    """The attributes by which recorded objects differ from each other."""
    first: dict[str, str] = {}
    return {
        name
        for entry in entries
        if entry.owner is not None
        for name, text in entry.owner.texts.items()
        if first.setdefault(name, text) != text
    }
