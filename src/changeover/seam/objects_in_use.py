"""Which objects have a run under way: of two at once nobody knows which changed the state."""

from __future__ import annotations

import os
from threading import Lock
from typing import Any, Protocol


class Use(Protocol):
    """One run on an object."""

    overlapped: bool

    def is_within(self, other: Any) -> bool:
        """Whether it is a part of the other run."""


class ObjectsInUse:
    """Marks runs that overlap on one object; a run inside another run is a part of it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._first: dict[int, Use] = {}
        self._others: dict[int, list[Use]] = {}

    def begin(self, owner: Any, use: Use) -> None:
        """A run on this object begins; the object must live until the run ends."""
        with self._lock:
            key = id(owner)
            first = self._first.setdefault(key, use)
            if first is use:
                return
            others = self._others.setdefault(key, [])
            for other in (first, *others):
                if not use.is_within(other):
                    use.overlapped = other.overlapped = True
            others.append(use)

    def end(self, owner: Any, use: Use) -> None:
        """The run has answered."""
        with self._lock:
            key = id(owner)
            others = self._others.get(key)
            if self._first.get(key) is use:
                if others is None:
                    del self._first[key]
                    return
                self._first[key] = others.pop(0)
            elif others is not None and use in others:
                others.remove(use)
            if others is not None and not others:
                del self._others[key]

    def forget(self) -> None:
        """In a forked process: the runs under way are those of its parent."""
        self._lock = Lock()
        self._first.clear()
        self._others.clear()


IN_USE = ObjectsInUse()
"""Of this process: an object may be shared by several migrations."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=IN_USE.forget)
