"""What the path that answers does with files, seen while it does it for real."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from time import perf_counter
from typing import Any

from changeover.packs.files.before_path import SeenPlaces, shown_entry, time_of_files
from changeover.packs.files.covered_folders import Place
from changeover.packs.files.file_calls import Depth, FileCall
from changeover.packs.files.file_effect import FOLDER, FileChange, Held
from changeover.packs.files.file_state import Content, Entry, NotFollowed, content_at, entry_at, names_in
from changeover.packs.files.followed import LINK, UNNAMED, FollowedPath, opener_of
from changeover.packs.files.permissions import chosen
from changeover.packs.files.shared_places import shared_places
from changeover.packs.files.shown_content import shown_content
from changeover.packs.host import outside
from changeover.values.error_text import message_of
from changeover.values.interruption import stop_if_interrupted

SHARED = "{} was changed by another run, or by others, while the path was at it"


class AnsweringPath(FollowedPath):
    """Follows one path; what keeps it from seeing a change is a problem of the run, never of the path."""

    def __init__(self, pack: Any, session: Any, *, alone: bool, keeps: bool) -> None:
        super().__init__(pack, session)
        self._keeps = keeps
        self._trees: set[Place] = set()
        self._bytes = 0
        self._lock = RLock()
        self._seen = SeenPlaces(time_of_files(), alone)
        self.is_shared = False
        self.touched = 0  # how often a place was reached

    def end(self) -> None:
        """Keep what was changed: on the tape as effects, and as it is for a replay in this process."""
        self.is_over = True
        self.release()
        try:
            with outside():
                changes = self._changes()
                self._look_for_others()
        finally:
            shared_places.leave([place.path for place in self._seen.places.values()], self)
        self.check_open()
        if self._keeps:
            tape = self.session.tape
            tape.keep_for(self.pack.name, self._seen)
        if self.is_shared:
            self.pack.channel.tell("shared", (".",))
        self.pack.tell(changes)

    def call(self, call: FileCall, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Let a call through, having seen what it will find."""
        given = list(call.given(args, kwargs))
        places = [self.folders.place_of(path) for path in given]
        if any(places) and self.is_asked():
            with self._seeing():
                self._check(call, kwargs, places)
                for place in filter(None, places):
                    self._touch(place, call.depth, writes=call.writes)
                    if call.depth is Depth.TREE:
                        self._trees.add(place)
            with self.inside(call.depth is Depth.TREE), self.timed():
                done = original(*args, **kwargs)
            with self._seeing(), self.inside():
                if call.name == "chmod":
                    self.chose(os.stat(given[0]))
                if call.name == "mkdir" and places[0] is not None:
                    self.note_private(given[0], places[0])
            return done
        with self._seeing():
            if call.writes:
                self.is_late(places)
        done = original(*args, **kwargs)
        if call.name == "chmod" and isinstance(given[0], int):
            with self._seeing():
                self.chose(os.fstat(given[0]))
        return done

    def open(self, original: Callable[..., Any], file: Any, mode: Any, args: Any, kwargs: Any) -> Any:
        """Let a file be opened, having seen what it holds."""
        if opener_of(args, kwargs) is not None:
            opened = original(file, mode, *args, **kwargs)
            with self._seeing():
                self.opened_file(opened)
            return opened
        place = self.folders.place_of(file)
        if place is None or not isinstance(mode, str) or not self.is_asked():
            with self._seeing():
                self.is_late([place])
            opened = original(file, mode, *args, **kwargs)
            with self._seeing():
                if isinstance(file, int):
                    self.opened_file(opened)
            return opened
        writes = any(letter in mode for letter in "wax+")
        with self._seeing():
            self._touch(place, Depth.CONTENT, writes=writes)
        with self.timed():
            opened = original(file, mode, *args, **kwargs)
        with self._seeing():
            if writes:
                self.opened(opened.fileno(), place.name)
                self.opened_file(opened)
        return opened

    def open_descriptor(
        self, original: Callable[..., Any], path: Any, flags: int, args: Any, kwargs: Any
    ) -> Any:
        """The same for `os.open`."""
        place = self.folders.place_of(path)
        if place is None or not self.is_asked():
            with self._seeing():
                self.is_late([place])
            opened = original(path, flags, *args, **kwargs)
            with self._seeing():
                if UNNAMED and flags & UNNAMED == UNNAMED:
                    self.opened(opened, "a temporary file")
            return opened
        with self._seeing():
            if kwargs.get("dir_fd") is not None:
                raise NotFollowed(f"{place.name} is opened by a descriptor of its folder")
            self._touch(place, Depth.CONTENT, writes=bool(flags & self.WRITING))
        with self.timed():
            opened = original(path, flags, *args, **kwargs)
        with self._seeing():
            self.opened(opened, place.name)
            if flags & os.O_EXCL:
                self.note_private(opened, place)
        return opened

    def on_descriptor(self, original: Callable[..., Any], descriptor: Any, args: Any, kwargs: Any) -> Any:
        """Let through what is done to a file that is open."""
        done = original(descriptor, *args, **kwargs)
        with self._seeing():
            if original.__name__ == "fchmod":
                self.chose(os.fstat(descriptor))
        return done

    def temporary_name(self, real: Callable[[], str]) -> str:
        """A name for `tempfile`, which a replay is given again."""
        name: str = self.pack.name_for(real)
        self.folders.made(name)
        return name

    def made_temporary(self, thing: Any) -> None:
        """It is the program's own."""

    def _touch(self, place: Place, depth: Depth, *, writes: bool) -> None:
        """See what stands at a place before the path can change it."""
        with self._lock:
            self.touched += 1
            others = shared_places.enter(place.path, self, writes=writes)
            for other in others if len(others) > 1 else ():
                other.is_shared = True
            entry = self._entry(place)
            if writes:
                self._seen.written.add(place.name)
            if entry is None:
                return
            if entry.kind == "file" and depth is not Depth.ENTRY and depth is not Depth.NAMES:
                self._content(place, entry)
            if entry.kind == "folder" and depth >= Depth.NAMES:
                names = self._names(place)
                for name, kind in names if depth is Depth.TREE else ():
                    if kind == "other":
                        raise NotFollowed(LINK.format(place.child(name).name))
                    self._touch(place.child(name), depth, writes=writes)

    def _entry(self, place: Place) -> Entry | None:
        name, seen = place.name, self._seen.entries
        if name in seen:
            return seen[name]
        self._seen.places[name] = place
        if place.folder is not None and self._was_not_in(place.folder, place):
            seen[name] = None  # what stands there now the path itself has made, or moved there
            return None
        with outside():
            found = entry_at(place.path)
        if found is not None and found.kind == "other":
            raise NotFollowed(LINK.format(name))
        seen[name] = found
        if not place.is_temporary:
            self.pack.channel.ask("look", (name,), lambda: shown_entry(found))
        return found

    def _was_not_in(self, folder: Place, place: Place) -> bool:
        """Whether it is known already that something was not there before the path."""
        around, names = self._entry(folder), self._seen.names.get(folder.name)
        return around is None or (names is not None and all(name != place.last for name, _ in names))

    def _content(self, place: Place, entry: Entry) -> Content:
        name, seen = place.name, self._seen.contents
        if name not in seen:
            self._bytes += entry.size
            if self._bytes > self.pack.total_max:
                raise NotFollowed(f"the files of the path hold more than {self.pack.total_max:,} bytes")
            with outside():
                content = seen[name] = content_at(place.path, self.pack.bytes_max)
            if not place.is_temporary:
                self.pack.channel.ask("read", (name,), lambda: shown_content(content))
        return seen[name]

    def _names(self, place: Place) -> list[Any]:
        name, seen = place.name, self._seen.names
        if name not in seen:
            with outside():
                found = seen[name] = self._seen.names_before(place, names_in(place.path))
            if not place.is_temporary:
                self.pack.channel.ask("list", (name,), lambda: [list(one) for one in found])
        return seen[name]

    def _changes(self) -> list[FileChange]:
        """What has become of the places that the path may have changed."""
        places = {name: self._seen.places[name] for name in self._seen.written}
        for tree in self._trees:
            for place in below(tree):
                places.setdefault(place.name, place)
        return [found for place in places.values() if (found := self._change(place)) is not None]

    def _change(self, place: Place) -> FileChange | None:
        name, entry = place.name, entry_at(place.path)
        before = self._seen.entries.get(name)
        had: Held = None
        if before is not None:
            had = FOLDER if before.kind == "folder" else self._seen.contents.get(name)
            if had is None:
                return None  # only looked at
        if entry is None:
            return FileChange(name, had, None)
        now: Held = FOLDER if entry.kind == "folder" else content_at(place.path, self.pack.bytes_max)
        return FileChange(name, had, now, chosen(entry, before, is_private=self.is_private(entry)))

    def _look_for_others(self) -> None:
        """Whether what the path only read is still what it was."""
        for name, before in self._seen.entries.items():
            place = self._seen.places[name]
            if before is not None and before.kind == "folder" and (left := entry_at(place.path)) is not None:
                self._seen.left[name] = left.signature
            is_own = any(around.name in self._seen.written for around in place.and_around())
            if is_own or place.is_temporary or (before and before.kind == "folder"):
                continue
            now = entry_at(place.path)
            if (now is None) != (before is None) or (now and before and now.signature != before.signature):
                self.is_shared = True

    @contextmanager
    def _seeing(self) -> Iterator[None]:
        """Nothing that goes wrong here breaks the path."""
        began = perf_counter()
        try:
            yield
        except NotFollowed as problem:
            self.cannot_see(str(problem))
        except Exception as error:  # noqa: BLE001  whatever a path is given as a path
            stop_if_interrupted(error)
            self.cannot_see(f"cannot be read: {message_of(error)}")
        finally:
            self.session.spend(began, perf_counter())


def below(place: Place) -> Iterator[Place]:
    """A place and all that stands below it now."""
    entry = entry_at(place.path)
    if entry is None:
        return
    yield place
    for name, kind in names_in(place.path) if entry.kind == "folder" else ():
        if kind != "other":
            yield from below(place.child(name))
