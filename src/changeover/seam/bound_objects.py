"""The objects that come with the paths of a seam, and what a replay gets in their place.

Where both paths come with one object, or with objects that hold one, each replay gets a copy as it was
before the call, like a `self`, and what becomes of it is compared. An object that only one path reaches is
not called by the program while the other path answers: its replays share one copy, which goes on from run to
run, and is made anew when the program's own has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, NamedTuple

from changeover.record.bound_paths import objects_of, rebound
from changeover.record.context import Args
from changeover.record.object_reading import ObjectReading
from changeover.record.port import PortBook
from changeover.replay.fresh_path import Fresh
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.interruption import stop_if_interrupted
from changeover.values.observation import Side


class InCommon(NamedTuple):
    """What both paths reach, which is compared, and all that the path to be replayed comes with."""

    compared: Any
    objects: Args


class BoundObjects:
    """What each path of one seam comes with; `of_paths` has those that come with any."""

    def __init__(self) -> None:
        self.of_paths: dict[Side, _OwnObjects] = {}
        self._in_common: dict[tuple[Side, Side], InCommon | None] = {}

    def add(self, side: Side, path: Any) -> None:
        """A path was declared."""
        found = () if isinstance(path, Fresh) else objects_of(path)
        if found:
            self.of_paths[side] = _OwnObjects(path, found)

    def in_common(self, answering: Side, replayed: Side, book: PortBook) -> InCommon | None:
        """What the path that answers may change of what the other one comes with; looked for once."""
        key = (answering, replayed)
        if key not in self._in_common:
            self._in_common[key] = self._found_in_common(answering, replayed, book)
        return self._in_common[key]

    def _found_in_common(self, answering: Side, replayed: Side, book: PortBook) -> InCommon | None:
        ours, theirs = self.of_paths.get(answering), self.of_paths.get(replayed)
        if ours is None or theirs is None:
            return None
        reached = {id(part) for one in ours.objects for part in ObjectReading(one, book.holds).parts}
        shared = [one for one in theirs.objects if id(one) in reached]
        if not shared:
            parts = (part for one in theirs.objects for part in ObjectReading(one, book.holds).parts)
            shared = [part for part in parts if id(part) in reached and _is_copied(part, book)]
        if not shared:
            return None
        return InCommon(shared[0] if len(shared) == 1 else tuple(shared), theirs.objects)

    def beside(self, side: Side, path: Any, book: PortBook) -> Callable[..., Any]:
        """The path over copies that its replays share; over its own where these cannot be copied."""
        own = self.of_paths.get(side)
        return path if own is None or own.declared is not path else own.path(book)

    def inside(self, path: Any, book: PortBook) -> Any:
        """The same for a seam that is entered while the path around it is replayed."""
        own = next((one for one in self.of_paths.values() if one.declared is path), None)
        return path if own is None else own.path(book)

    def alone(self, side: Side, path: Any, book: PortBook) -> Callable[..., Any]:
        """The path over copies made now; over its own objects where these cannot be copied."""
        own = self.of_paths.get(side)
        return path if own is None else own.made_anew(book)

    def problems(self, book: PortBook) -> Iterator[str]:
        """What is to be said about paths whose objects cannot be copied."""
        for side, own in self.of_paths.items():
            problem = own.problem(book)
            if problem is not None:
                yield f"the {side} path comes with an object that cannot be copied: {problem}"


def _is_copied(part: Any, book: PortBook) -> bool:
    """Whether a copy of it is another object: a logger, a function or what cannot change is handed over."""
    try:
        return snapshot(part, by_reference=book.holds) is not part
    except SnapshotError:
        return False


class _OwnObjects:
    """What one path comes with, and the path over a copy of it."""

    def __init__(self, path: Any, objects: Args) -> None:
        self.declared, self.objects = path, objects
        self._lock = Lock()
        self._made: Callable[..., Any] | None = None
        self._before: list[ObjectReading] = []

    def path(self, book: PortBook) -> Callable[..., Any]:
        with self._lock:
            if self._made is None or any(one.changed() is not None for one in self._before):
                self._made = self.made_anew(book)
                is_copied = self._made is not self.declared
                self._before = [ObjectReading(one, book.holds) for one in self.objects if is_copied]
            return self._made

    def made_anew(self, book: PortBook) -> Callable[..., Any]:
        try:
            return rebound(self.declared, snapshot(self.objects, by_reference=book.holds))
        except SnapshotError as error:
            stop_if_interrupted(error)
            declared: Callable[..., Any] = self.declared
            return declared

    def problem(self, book: PortBook) -> str | None:
        """Why they cannot be copied, None where they can."""
        try:
            snapshot(self.objects, by_reference=book.holds)
        except SnapshotError as error:
            return str(error)
        return None
