"""The covered folders as a replay has them: what stood there before the path, and what it wrote itself.

It is a folder of its own, into which comes what is asked for. So descriptors, appending, seeking, locks and
errors are those of real files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from tempfile import mkdtemp
from typing import Any

from changeover.packs.files.before_path import BeforePath
from changeover.packs.files.covered_folders import TEMPORARY, Place, Root
from changeover.packs.files.file_calls import Depth
from changeover.packs.files.file_effect import FOLDER, FileChange, Held
from changeover.packs.files.file_state import (
    OWN,
    Content,
    Entry,
    Kind,
    NotFollowed,
    content_at,
    entry_at,
    names_in,
)
from changeover.packs.files.permissions import chosen

NO_ROOM = "no file may be written where this is replayed"
REFUSED = "{} cannot have its permissions {:o} where this is replayed: compare the seam in the program"
_FOLDER_MODE = 0o700


class Overlay:
    """One for one replay. All that is called here is called as the toolkit's own work.

    Args:
        before: what stood at each place.
        bytes_max: of more than so many bytes a file has a digest.
        is_made: whether `tempfile` has named a place, where nothing stood before.
        place: where its folder is made; None for where the system has its temporary files.
    """

    def __init__(
        self, before: BeforePath, bytes_max: int, is_made: Callable[[Place], bool], place: str | None
    ) -> None:
        self._before = before
        self._bytes_max = bytes_max
        self._is_made = is_made
        self._known: dict[Place, Entry | None] = {}
        self._vague: set[Place] = set()  # of which nothing is known but that they are there
        self._unloaded: set[Place] = set()  # files that nobody has looked into
        self._listed: dict[Place, list[str]] = {}
        self._roots: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self.folder = _new_folder(place)

    def close(self) -> None:
        """Nothing of it stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def path_of(self, place: Place) -> str:
        """Where it is here."""
        return os.path.join(self._root(place.root), place.below) if place.below else self._root(place.root)

    def shown_path(self, path: Any) -> Any:
        """The path of the program in the place of one that is here; others stay as they are."""
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        for here, real in self._shown.items():
            if text == here or text.startswith(here + os.sep):
                found = real + text[len(here) :]
                if isinstance(path, bytes):
                    return os.fsencode(found)
                return found if isinstance(path, str) else type(path)(found)
        return path

    def bring(self, place: Place, depth: Depth) -> None:
        """Have there what stood there; raises NotFollowed where nobody knows what that is."""
        self._bring_entry(place)
        if place in self._vague:
            self._vague.discard(place)
            self._place(place, self._before.entry(place))
        if place in self._unloaded and depth in (Depth.CONTENT, Depth.TREE):
            self._load(place)
        entry = self._known.get(place)
        if entry is None or entry.kind != "folder" or depth < Depth.NAMES:
            return
        if place not in self._listed:
            names = self._before.names(place)
            self._listed[place] = [name for name, _ in names]
            for name, kind in names:
                self._bring_name(place.child(name), kind)
        for name in self._listed[place] if depth is Depth.TREE else ():
            if self._known.get(place.child(name)) is not None:
                self.bring(place.child(name), depth)

    def lost(self, place: Place) -> None:
        """What a file held is gone, without having been looked into."""
        self._unloaded.discard(place)
        self._vague.discard(place)

    def in_order(self, place: Place, names: list[str]) -> list[str]:
        """Names of a folder in the order in which the answering path was told them, new ones at the end."""
        order = {name: number for number, name in enumerate(self._listed.get(place, ()))}
        return sorted(
            (name for name in names if not name.startswith(OWN)), key=lambda name: order.get(name, len(order))
        )

    def check_sizes(self, most: int) -> None:
        """Raise NotFollowed where a file is as large as one may become here: it would have grown."""
        for folder, _, names in os.walk(self.folder):
            for name in names:
                found = entry_at(os.path.join(folder, name))
                if found is not None and found.size >= most:
                    raise NotFollowed(f"{name} is larger than {most:,} bytes, which a worker allows no file")

    def changes(self, private: set[tuple[int, int]]) -> list[FileChange]:
        """What has become of all places of which anything is known, and of new ones."""
        places = {place.name: place for place in self._known}
        for root in {place.root for place in self._known}:
            for place in self._below(Place(root, "")):
                places.setdefault(place.name, place)
        return [found for place in places.values() if (found := self._change(place, private)) is not None]

    def _change(self, place: Place, private: set[tuple[int, int]]) -> FileChange | None:
        path = self.path_of(place)
        before, now = self._known.get(place), entry_at(path)
        if (place.is_temporary and not place.below) or (now is not None and now.kind == "other"):
            return None
        is_same = before is not None and now is not None and before.kind == now.kind
        if is_same and (place in self._unloaded or place in self._vague):
            return None
        if is_same and before is not None and before.kind == "folder" and place not in self._listed:
            had: Held = FOLDER
        else:
            had = self._held(place, before)
        if now is None:
            return FileChange(place.name, had, None)
        holds: Held = FOLDER if now.kind == "folder" else self._content_here(path)
        return FileChange(
            place.name, had, holds, chosen(now, before, is_private=now.signature[:2] in private)
        )

    def _held(self, place: Place, before: Entry | None) -> Held:
        if before is None:
            return None
        return FOLDER if before.kind == "folder" else self._before.held(place)

    def _content_here(self, path: str) -> Content:
        return content_at(path, self._bytes_max)

    def _below(self, place: Place) -> Iterator[Place]:
        path = self.path_of(place)
        entry = entry_at(path)
        if entry is None:
            return
        yield place
        for name, _ in names_in(path) if entry.kind == "folder" else ():
            yield from self._below(place.child(name))

    def _bring_entry(self, place: Place) -> None:
        if place in self._known:
            return
        around = place.folder
        if around is not None:
            self._bring_entry(around)
            if self._known[around] is None or self._known[around].kind != "folder":  # type: ignore[union-attr]
                self._known[place] = None
                return
        if place.is_temporary and not place.below:
            self._known[place] = Entry("folder", mode=_FOLDER_MODE)
            return
        self._place(place, None if self._is_made(place) else self._before.entry(place))

    def _bring_name(self, place: Place, kind: Kind) -> None:
        if place in self._known:
            return
        self._place(place, Entry(kind, mode=0o755 if kind == "folder" else 0o644))
        self._vague.add(place)

    def _place(self, place: Place, entry: Entry | None) -> None:
        """Let something stand there, as far as it is known."""
        self._known[place] = entry
        path = self.path_of(place)
        if entry is None:
            return
        if entry.kind == "other":
            os.symlink(os.devnull, path)
            self._vague.add(place)  # nobody knows where a link leads: who looks at it cannot be followed
            return
        if entry.kind == "folder":
            if not os.path.isdir(path):
                os.mkdir(path, entry.mode)
        else:
            with _made_file(path, entry) as file:
                file.truncate(entry.size)
            self._unloaded.add(place)
        _dress(path, entry)

    def _load(self, place: Place) -> None:
        self._unloaded.discard(place)
        entry, path = self._known[place], self.path_of(place)
        if entry is not None:
            with _made_file(path, entry) as file:
                file.write(self._before.content(place))
            _dress(path, entry)

    def _root(self, root: Root) -> str:
        found = self._roots.get(root.path)
        if found is None:
            found = self._roots[root.path] = os.path.join(self.folder, str(len(self._roots)))
            self._shown[found] = root.path
            if root.label == TEMPORARY:
                os.mkdir(found)
        return found


def _made_file(path: str, entry: Entry) -> Any:
    """A new file with the permissions of another one, open for writing even where these forbid that."""
    with suppress(FileNotFoundError):
        os.remove(path)
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, entry.mode))


def _dress(path: str, entry: Entry) -> None:
    """Give a file the permissions that the umask has taken, and its times."""
    found = entry_at(path)
    if found is not None and found.mode != entry.mode:
        try:
            os.chmod(path, entry.mode)
        except PermissionError:
            raise NotFollowed(REFUSED.format(os.path.basename(path), entry.mode)) from None
    if entry.times is not None:
        os.utime(path, ns=entry.times)


def _new_folder(place: str | None) -> str:
    """A folder that can be written to; raises NotFollowed where a worker has none."""
    try:
        folder = mkdtemp(prefix=OWN, dir=place)
    except OSError as error:
        raise NotFollowed(NO_ROOM) from error
    probe = os.path.join(folder, "probe")
    try:
        with open(probe, "wb") as file:
            file.write(b"1")
        os.remove(probe)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NotFollowed(NO_ROOM) from error
    return os.path.realpath(folder)
