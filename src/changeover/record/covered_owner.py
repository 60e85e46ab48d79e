"""A class, module or object of a port, and whether its instrumented functions stand where they were put."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import is_, itemgetter
from typing import Any
from weakref import ref

from changeover.record.class_family import next_to
from changeover.record.instrument import Hook, hook_at

_NO_MEMBERS: Mapping[str, Any] = {}
_members_of_class: Callable[[type], Mapping[str, Any]] = type.__dict__["__dict__"].__get__


def members(owner: Any) -> Mapping[str, Any]:
    """What stands in the class, module or object itself, without asking any code of its own."""
    if isinstance(owner, type):
        return _members_of_class(owner)
    try:
        found = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return _NO_MEMBERS
    return found if isinstance(found, dict) else _NO_MEMBERS


class CoveredOwner:
    """It is asked before every run, so it says that nothing changed without a look at each function.

    Functions are replaced behind a port's back by tests (`monkeypatch.setattr`), by wrappers that are put in
    place late, and by whoever gives one object a method of its own. They are as much the port's as the ones
    before: left alone, both paths would call them for real.
    """

    __slots__ = ("_absent", "_derived", "_here", "_names", "_owner", "_present")

    def __init__(self, owner: Any, names: Iterable[str]) -> None:
        # A class that nobody else holds may go.
        self._owner: Callable[[], Any] = ref(owner) if isinstance(owner, type) else lambda: owner
        self._names = tuple(names)
        self.note()

    def note(self) -> None:
        """Remember what stands there now."""
        owner = self._owner()
        here = members(owner)
        present = [name for name in self._names if name in here]
        self._absent = [name for name in self._names if name not in here]
        # With a name that is there twice, one name gives a tuple as well.
        self._present = itemgetter(*present, present[0]) if present else None
        self._here = () if self._present is None else self._present(here)
        self._derived = _derived(owner)

    @property
    def is_unchanged(self) -> bool:
        """Whether the very same functions stand there, no other one and no other class derived from it."""
        owner = self._owner()
        if owner is None:
            return True
        here = members(owner)
        try:
            now = () if self._present is None else self._present(here)
        except KeyError:
            return False
        return (
            all(map(is_, self._here, now))
            and (not self._absent or here.keys().isdisjoint(self._absent))
            and _derived(owner) == self._derived
        )

    def hooks(self) -> Iterator[Hook | None]:
        """Those of the functions that stand there now, None for one that is not instrumented."""
        owner = self._owner()
        here = members(owner)
        for name in self._names:
            if name in here and (isinstance(owner, type) or callable(here[name])):
                yield hook_at(owner, name)


def _derived(owner: Any) -> list[int]:
    return [*map(id, next_to(owner))] if isinstance(owner, type) else []
