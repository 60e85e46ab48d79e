"""A path that is replayed on files of its own, and what it left there."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import PurePath
from threading import RLock
from typing import Any
from weakref import WeakSet

from changeover.errors import ReplayStopped
from changeover.packs.files.before_path import BeforePath
from changeover.packs.files.covered_folders import Place
from changeover.packs.files.file_calls import Depth, FileCall
from changeover.packs.files.file_effect import FileChange
from changeover.packs.files.file_state import NotFollowed
from changeover.packs.files.followed import OPENER_AT, UNNAMED, FollowedPath, opener_of
from changeover.packs.files.overlay import Overlay
from changeover.packs.files.shown_entries import ShownEntries
from changeover.packs.files.temporary_objects import let_go
from changeover.packs.host import outside
from changeover.record.context import PERMIT, permitted

DOUBT = "files were changed by another run, or by others, while the answering path was at them"
_REMOVING = frozenset({"remove", "unlink"})


class ReplayedPath(FollowedPath):
    """Follows one replay. Nothing of it reaches a file of the program."""

    def __init__(self, pack: Any, session: Any, before: BeforePath, *, is_shared: bool) -> None:
        super().__init__(pack, session)
        self._before = before
        self._is_shared = is_shared
        self._overlay: Overlay | None = None
        self.names_given: dict[str, int] = {}
        self._temporary: WeakSet[Any] = WeakSet()
        self._lock = RLock()

    def end(self) -> None:
        """Compare what the path left, of which nothing stays."""
        self.is_over = True
        self.release()
        for thing in self._temporary:
            let_go(thing)
        changes = []
        with self._seeing():
            changes = self._left()
        self.check_open()
        if self._is_shared:
            self.session.guessed(self.pack.name, DOUBT)
        self.pack.tell_reads(self._before.looked_at)
        self.pack.tell(changes)

    def _left(self) -> list[FileChange]:
        """What the path left in its own files, of which nothing is there any more afterwards."""
        if self._overlay is None:
            return []
        try:
            if self.pack.file_bytes is not None:
                self._overlay.check_sizes(self.pack.file_bytes)
            return self._overlay.changes(self._private)
        finally:
            self._overlay.close()

    def call(self, call: FileCall, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Let a call do on the replay's own files what it would do on those of the program."""
        given = list(call.given(args, kwargs))
        places = [self.folders.place_of(path) for path in given]
        if not any(places):
            if given and isinstance(given[0], int) and self.owns(given[0]):
                return self.on_descriptor(original, given[0], args[1:], kwargs)
            return original(*args, **kwargs)
        if not self.is_asked():
            self._refuse_late(places)
            return original(*args, **kwargs)
        here = self._brought(call, kwargs, places)
        if call.name == "chmod":
            self._chose(here[0])
        args, kwargs = call.with_paths(args, kwargs, [*map(_like, given, here)])
        name = call.name
        is_idle = partial(self._is_idle, name, here[0], [*args[1:], *kwargs.values()])
        done = self._done(call.full_name, lambda: original(*args, **kwargs), is_idle)
        if name in _REMOVING:
            self._lost(places[0])
        if call.name == "mkdir" and places[0] is not None:
            with self._toolkit():
                self.note_private(here[0], places[0])
        return self._given_back(call, places, given, done)

    def open(self, original: Callable[..., Any], file: Any, mode: Any, args: Any, kwargs: Any) -> Any:
        """Open a file of the replay under the name that the path knows."""
        place = self.folders.place_of(file)
        opener = opener_of(args, kwargs)
        if opener is None and (place is None or not self.is_asked()):
            self._refuse_late([place])
            opened = original(file, mode, *args, **kwargs)
            if isinstance(file, int):
                self.opened_file(opened)
            return opened

        def open_here(path: Any, flags: int) -> int:
            if opener is not None:
                with _unpermitted():
                    return int(opener(path, flags))
            return int(self.open_descriptor(_OPEN, path, flags, (0o666,), {}))

        with permitted():
            opened = original(file, mode, *args[:OPENER_AT], **{**kwargs, "opener": open_here})
        self.opened_file(opened)
        return opened

    def open_descriptor(
        self, original: Callable[..., Any], path: Any, flags: int, args: Any, kwargs: Any
    ) -> Any:
        """The same for `os.open`."""
        place = self.folders.place_of(path)
        is_unnamed = bool(UNNAMED) and flags & UNNAMED == UNNAMED
        self._refuse_late([place])
        if place is None and not is_unnamed:
            return original(path, flags, *args, **kwargs)
        with self._seeing():
            if kwargs.get("dir_fd") is not None:
                raise NotFollowed(f"{path} is opened by a descriptor of its folder")
            overlay = self._opened_overlay()
            here = overlay.folder
            if place is not None:
                overlay.bring(place, Depth.ENTRY if flags & (os.O_TRUNC | os.O_EXCL) else Depth.CONTENT)
                here = overlay.path_of(place)
        with self._acting():
            descriptor = original(here, flags, *args, **kwargs)
        self.opened(descriptor, "a temporary file" if place is None else place.name)
        if flags & os.O_TRUNC:
            self._lost(place)
        if place is not None and flags & os.O_EXCL:
            self.note_private(descriptor, place)
        return descriptor

    def on_descriptor(self, original: Callable[..., Any], descriptor: Any, args: Any, kwargs: Any) -> Any:
        """What is done to an open file of the replay is done; to one of the program it is refused."""
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        if not self.owns(number):
            return original(descriptor, *args, **kwargs)
        if original.__name__ in ("fchmod", "chmod"):
            self.chose(os.fstat(number))
        name = original.__name__
        is_idle = partial(self._is_idle, name, number, args)
        return self._done(name, lambda: original(descriptor, *args, **kwargs), is_idle)

    def _is_idle(self, name: str, where: Any, rest: Sequence[Any]) -> bool:
        """Whether a call changes nothing that is compared: nobody else is at these files."""
        if name in ("chmod", "fchmod"):
            with self._toolkit():
                return stat.S_IMODE(os.stat(where).st_mode) in rest
        return name in ("utime", "flock", "lockf")

    def temporary_name(self, real: Callable[[], str]) -> str:
        """The name that the answering path was given at this point, or another one."""
        name: str = self.pack.name_for(real)
        self.folders.made(name)
        return name

    def made_temporary(self, thing: Any) -> None:
        """It would take away, by its name, what the program has there."""
        self._temporary.add(thing)

    def _refuse_late(self, places: Sequence[Place | None]) -> None:
        if self.is_late(places):
            raise ReplayStopped(f"{self.pack.name}: the path has ended")

    def _brought(self, call: FileCall, kwargs: dict[str, Any], places: Sequence[Place | None]) -> list[Any]:
        """Where the places of a call are for the replay, which is ended where nobody knows what was there."""
        with self._seeing():
            self._check(call, kwargs, places)
            overlay = self._opened_overlay()
            depth = Depth.ENTRY if call.name in _REMOVING else call.depth
            for place in filter(None, places):
                overlay.bring(place, depth)
            return [None if place is None else overlay.path_of(place) for place in places]
        return []  # not reached: the replay has ended

    def _given_back(self, call: FileCall, places: Sequence[Place | None], given: list[Any], done: Any) -> Any:
        place, overlay = places[0], self._overlay
        if place is None or overlay is None:
            return done
        if call.name == "listdir":
            by_name = {os.fsdecode(name): name for name in done}
            return [by_name[name] for name in overlay.in_order(place, list(by_name))]
        if call.name == "scandir":
            with done:
                found = {os.fsdecode(one.name): one for one in done}
            ordered = [found[name] for name in overlay.in_order(place, list(found))]
            return ShownEntries(ordered, os.fspath(given[0]), self._stat)
        return done

    def _lost(self, place: Place | None) -> None:
        if place is not None and self._overlay is not None:
            with self._lock:
                self._overlay.lost(place)

    def _stat(self, path: Any, *, follow_symlinks: bool = True) -> Any:
        return os.stat(path, follow_symlinks=follow_symlinks)

    def _opened_overlay(self) -> Overlay:
        if self._overlay is None:
            self._overlay = Overlay(self._before, self.pack.bytes_max, self.folders.is_made, self.pack.place)
        return self._overlay

    def _chose(self, path: str) -> None:
        with self._toolkit():
            if os.path.exists(path):
                self.chose(os.stat(path))

    @contextmanager
    def _seeing(self) -> Iterator[None]:
        """The toolkit brings what is needed; what cannot be had ends the replay."""
        problem = None
        try:
            with self._lock, self._toolkit():
                yield
        except NotFollowed as error:
            problem = str(error)
        except OSError as error:
            problem = f"cannot be read: {error}"
        if problem is not None:
            self.cannot_see(problem)

    @contextmanager
    def _toolkit(self) -> Iterator[None]:
        with outside(), self.inside(), self.timed():
            yield

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """The call itself, on files of the replay; its errors name those that the path knows."""
        try:
            with permitted(), self.inside(), self.timed():
                yield
        except OSError as error:
            if self._overlay is not None:
                if error.filename is not None:
                    error.filename = self._overlay.shown_path(error.filename)
                if error.filename2 is not None:
                    error.filename2 = self._overlay.shown_path(error.filename2)
            raise

    def _done(self, what: str, act: Callable[[], Any], is_idle: Callable[[], bool]) -> Any:
        """Do something to the replay's own files.

        A worker refuses its processes permissions, times and locks, even of these: what is refused so has not
        to be done where nothing that is compared comes of it (`is_idle`), and else ends the replay.
        """
        try:
            with self._acting():
                return act()
        except OSError as error:
            if error.errno != errno.EPERM or self.pack.place is None:
                raise
            if is_idle():
                return None
            self.cannot_see(f"{what} is refused where this is replayed: compare the seam in the program")
            raise


_OPEN = os.open


@contextmanager
def _unpermitted() -> Iterator[None]:
    """The path's own code: what it does is looked at."""
    before, PERMIT.given = PERMIT.given, False
    try:
        yield
    finally:
        PERMIT.given = before


def _like(given: Any, here: Any) -> Any:
    """A path of the same type as the program gave: answers and errors are of it."""
    if isinstance(given, bytes):
        return os.fsencode(here)
    return type(given)(here) if isinstance(given, PurePath) and here is not None else here
