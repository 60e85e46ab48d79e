"""What both paths have in common in the eyes of the functions that reach files."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import gettempdir
from time import perf_counter
from typing import Any

from changeover.packs.files.covered_folders import CoveredFolders, Place
from changeover.packs.files.file_calls import LINKS, FileCall
from changeover.packs.files.file_state import Entry, NotFollowed
from changeover.packs.files.held_functions import busy, held_functions, is_of_the_path
from changeover.packs.host import outside

OPEN = "{} is still open for writing when the path ends: close it in the path"
LINK = "{} is a link or a device, or stands behind one"
_MAKES_LINKS = frozenset(call.full_name for call in LINKS)
UNNAMED = getattr(os, "O_TMPFILE", 0)
"""Opens a file that stands nowhere."""
OPENER_AT = 5
PRIVATE = 0o077
"""What `tempfile` gives to nobody but the owner."""


class FollowedPath(ABC):
    """One path, and where it may be: as `record.followed_path.Follower` says."""

    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def __init__(self, pack: Any, session: Any) -> None:
        self.pack = pack
        self.session = session
        self.is_over = False
        self.folders = CoveredFolders(())  # until the path begins
        self._is_held = False
        self._private: set[tuple[int, int]] = set()
        self._own: dict[tuple[int, int], str] = {}
        self._open: list[tuple[str, weakref.ref[Any]]] = []

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """From now on the functions ask."""
        with outside(), suppress(OSError):
            gettempdir()  # which tries out the first time where it can write
        with outside():  # another path may hold the functions already
            self.folders = self.pack.folders()
        held_functions.hold()
        self._is_held = True
        return args, kwargs

    @abstractmethod
    def end(self) -> None:
        """The path has ended."""

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """As `begin`."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """As `end`."""
        self.end()

    def release(self) -> None:
        """The functions need not ask for this path any more."""
        if self._is_held:
            self._is_held = False
            session = self.session
            if session.running.left():
                held_functions.release_when(lambda: session.is_judged or not session.running.left())
            else:
                held_functions.release()

    def is_asked(self) -> bool:
        """Whether the path asks, while it runs."""
        return not self.is_over and is_of_the_path()

    def is_late(self, places: Sequence[Place | None]) -> bool:
        """Whether work that the path has left behind is at covered files, which nobody compares."""
        found = [place.name for place in places if place is not None]
        if not self.is_over or not found or self.session.is_judged or not is_of_the_path():
            return False
        self.cannot_see(
            f"{', '.join(found)} is used by work that goes on after the path: await it in the path"
        )
        return True

    def cannot_see(self, what: str) -> None:
        """The run cannot be compared; a replay ends here."""
        self.session.cannot_follow(self.pack.name, what)

    def opened(self, descriptor: int, name: str) -> None:
        """The path has this file open, and what it does to it is seen."""
        found = os.fstat(descriptor)
        self._own[found.st_dev, found.st_ino] = name

    def opened_file(self, file: Any) -> None:
        """The same of what `open` gave: what is in its buffer when the path ends is in no file."""
        if file.writable():
            found = os.fstat(file.fileno())
            name = self._own.get((found.st_dev, found.st_ino))
            if name is not None:
                self._open.append((name, weakref.ref(file)))

    def check_open(self) -> None:
        """Say which files the path has left open."""
        for name, opened in self._open:
            file = opened()
            if file is not None and not file.closed:
                self.cannot_see(OPEN.format(name))

    def owns(self, descriptor: Any) -> bool:
        """Whether an open file is one that is followed: `replay.net` lets what is written there pass."""
        if not isinstance(descriptor, int):
            return False
        try:
            found = os.fstat(descriptor)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) in self._own

    def chose(self, found: os.stat_result) -> None:
        """The path has given a file or folder permissions."""
        self._private.discard((found.st_dev, found.st_ino))

    def note_private(self, made: Any, place: Place) -> None:
        """It was made just now, maybe by `tempfile`."""
        if self.folders.is_made(place):
            with self.inside():
                found = os.stat(made)
            if not found.st_mode & PRIVATE:
                self._private.add((found.st_dev, found.st_ino))

    def is_private(self, entry: Entry) -> bool:
        """Whether `tempfile` has made it, and nobody chose other permissions."""
        return entry.signature[:2] in self._private

    def _check(self, call: FileCall, kwargs: dict[str, Any], places: Sequence[Place | None]) -> None:
        """Refuse to follow what leads to other places; raises NotFollowed."""
        names = ", ".join(place.name for place in places if place is not None)
        if call.full_name in _MAKES_LINKS:
            raise NotFollowed(f"{call.full_name} of {names}: links are not followed")
        if any(kwargs.get(name) is not None for name in ("dir_fd", "src_dir_fd", "dst_dir_fd")):
            raise NotFollowed(f"{call.full_name} of {names} by a descriptor of its folder")
        if call.writes and None in places:
            raise NotFollowed(f"{call.full_name} of {names} from or to where no folder is declared")

    @contextmanager
    def timed(self) -> Iterator[None]:
        """What the disk takes is none of the path's own time."""
        began = perf_counter()
        try:
            yield
        finally:
            self.session.spend(began, perf_counter())

    @contextmanager
    def inside(self, is_so: bool = True) -> Iterator[None]:
        """What is called here is a part of the call that is under way."""
        before, busy.now = busy.now, busy.now or is_so
        try:
            yield
        finally:
            busy.now = before


def opener_of(args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What the program gave `open` to open with, which stands after buffering, encoding and so on."""
    return args[OPENER_AT] if len(args) > OPENER_AT else kwargs.get("opener")
