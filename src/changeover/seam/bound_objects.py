"""The objects that come with the paths of a seam, and what a replay gets in their place.

Where both paths come with one object, each replay gets a copy of it as it was before the call, like a `self`.
An object that only one path comes with is not called by the program while the other path answers: its replays
share one copy, which goes on from run to run, and is made anew when the program's own has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

from changeover.record.bound_paths import objects_of, rebound
from changeover.record.context import Args
from changeover.record.object_reading import ObjectReading
from changeover.record.port import PortBook
from changeover.replay.fresh_path import Fresh
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.observation import Side


class BoundObjects:
    """What each path of one seam comes with."""

    def __init__(self) -> None:
        self._objects: dict[Side, Args] = {}
        self._own: dict[Side, _OwnCopy] = {}

    def add(self, side: Side, path: Any) -> None:
        """A path was declared."""
        found = () if isinstance(path, Fresh) else objects_of(path)
        if found:
            self._objects[side] = found
            self._own[side] = _OwnCopy(path, found)

    def in_common(self, answering: Side, replayed: Side) -> Args:
        """The objects of the path to be replayed, where the one that answers acts on one of them too."""
        wanted = self._objects.get(replayed, ())
        if not wanted:
            return ()
        acted_on = set(map(id, self._objects.get(answering, ())))
        return wanted if any(id(one) in acted_on for one in wanted) else ()

    def beside(self, side: Side, path: Any, book: PortBook) -> Callable[..., Any]:
        """The path over copies that its replays share; over its own where these cannot be copied."""
        own = self._own.get(side)
        return path if own is None else own.path(book)

    def inside(self, path: Any, book: PortBook) -> Any:
        """The same for a seam that is entered while the path around it is replayed."""
        own = next((one for one in self._own.values() if one.declared is path), None)
        return path if own is None else own.path(book)

    def problems(self, book: PortBook) -> Iterator[str]:
        """What is to be said about paths whose objects cannot be copied."""
        for side, own in self._own.items():
            problem = own.problem(book)
            if problem is not None:
                yield f"the {side} path comes with an object that cannot be copied: {problem}"

    def alone(self, side: Side, path: Any, book: PortBook) -> Callable[..., Any]:
        """The path over copies made now; over its own objects where these cannot be copied."""
        own = self._own.get(side)
        return path if own is None else own.made_anew(book)


class _OwnCopy:
    """One path over a copy of its objects."""

    def __init__(self, path: Any, objects: Args) -> None:
        self.declared, self._objects = path, objects
        self._lock = Lock()
        self._made: Callable[..., Any] | None = None
        self._before: list[ObjectReading] = []

    def path(self, book: PortBook) -> Callable[..., Any]:
        with self._lock:
            if self._made is None or any(one.changed() is not None for one in self._before):
                self._made = self.made_anew(book)
                is_copied = self._made is not self.declared
                self._before = [ObjectReading(one, book.holds) for one in self._objects if is_copied]
            return self._made

    def made_anew(self, book: PortBook) -> Callable[..., Any]:
        try:
            return rebound(self.declared, snapshot(self._objects, by_reference=book.holds))
        except SnapshotError:
            declared: Callable[..., Any] = self.declared
            return declared

    def problem(self, book: PortBook) -> str | None:
        """Why they cannot be copied, None where they can."""
        try:
            snapshot(self._objects, by_reference=book.holds)
        except SnapshotError as error:
            return str(error)
        return None
