"""What stood in the covered folders before a path, as the answering one saw it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import field
from typing import Any

from changeover.packs.files.covered_folders import Place
from changeover.packs.files.file_state import (
    Content,
    Entry,
    Kind,
    NotFollowed,
    content_at,
    entry_at,
    names_in,
)
from changeover.packs.files.shown_content import content_of
from changeover.quick_dataclass import dataclass

Names = list[tuple[str, Kind]]
_MARGIN_NS = 50_000_000
_CLOCK_OF_FILES = 5 if sys.platform == "linux" else None
"""CLOCK_REALTIME_COARSE, by which Linux says when a file was changed: it is some milliseconds behind."""


def time_of_files() -> int:
    """The time, in nanoseconds, that a file would get that is changed now; elsewhere a little earlier."""
    if _CLOCK_OF_FILES is None:
        return time.time_ns() - _MARGIN_NS
    return time.clock_gettime_ns(_CLOCK_OF_FILES)


@dataclass
class SeenPlaces:
    """What an answering path saw of each place when it first came there.

    Args:
        began: when it began, in nanoseconds, as files would say it.
        alone: whether nobody else is expected to write: in a test, or in a comparison.
        entries: what stood there; None where nothing did.
        contents: what files held.
        names: what stood in folders.
        written: names of places that the path may have changed.
        left: folders as they were when it ended.
        places: by name.
    """

    began: int
    alone: bool
    entries: dict[str, Entry | None] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)
    names: dict[str, Names] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    left: dict[str, tuple[int, ...]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def names_before(self, folder: Place, now: Names) -> Names:
        """What stood in a folder before the path, by what stands there now and what the path has seen."""
        found = dict(now)
        for name, entry in self.entries.items():
            place = self.places[name]
            if place.folder == folder:
                if entry is None:
                    found.pop(place.last, None)
                else:
                    found.setdefault(place.last, entry.kind)
        return list(found.items())


Answers = dict[str, dict[str, Any]]
"""By operation and name of the place: what stands on a tape."""


class BeforePath:
    """Answers a replay: from what the answering path saw, else from the disk where it is still the same.

    Args:
        seen: what was kept in this process; None for a stored run.
        tape: what stands on the tape.
        bytes_max: larger files are not read from the disk.
        doubt: called where the disk may not be any more what it was.
    """

    def __init__(
        self, seen: SeenPlaces | None, tape: Answers, bytes_max: int, doubt: Callable[[str], None]
    ) -> None:
        self._seen = seen
        self._tape = tape
        self._bytes_max = bytes_max
        self._doubt = doubt
        self._looked_at: dict[tuple[str, str], None] = {}

    @property
    def looked_at(self) -> list[tuple[str, str]]:
        """What on the tape the replayed path asked for as well: operation and name, in its order."""
        return list(self._looked_at)

    def _notes(self, operation: str, name: str) -> None:
        if name in self._tape[operation]:
            self._looked_at[operation, name] = None

    def entry(self, place: Place) -> Entry | None:
        """What stood there."""
        name = place.name
        self._notes("look", name)
        if self._seen is not None and name in self._seen.entries:
            return self._seen.entries[name]
        if name in self._tape["look"]:
            return entry_of(self._tape["look"][name])
        if place.is_temporary or self._is_missing(place):
            return None
        found = self._on_disk(place)
        if found is not None and found.kind == "other":
            raise NotFollowed(f"{name} is a link or a device")
        return found

    def content(self, place: Place) -> bytes:
        """What a file held, which a path reads."""
        found = self.held(place)
        if not isinstance(found, bytes):
            raise NotFollowed(f"{place.name} holds {found.size:,} bytes, more than bytes_max")
        return found

    def held(self, place: Place) -> Content:
        """What a file held, as it is compared."""
        name = place.name
        self._notes("read", name)
        if self._seen is not None and name in self._seen.contents:
            return self._seen.contents[name]
        if name in self._tape["read"]:
            return content_of(self._tape["read"][name])
        self._on_disk(place)
        return content_at(place.path, self._bytes_max)

    def _is_missing(self, place: Place) -> bool:
        """Whether the names of the folder around it are known, and it has none of them."""
        around = place.folder
        if around is None:
            return False
        seen = None if self._seen is None else self._seen.names.get(around.name)
        listed = self._tape["list"].get(around.name) if seen is None else seen
        return listed is not None and not any(name == place.last for name, _ in listed)

    def names(self, place: Place) -> Names:
        """What stood in a folder."""
        name = place.name
        self._notes("list", name)
        if self._seen is not None and name in self._seen.names:
            return self._seen.names[name]
        if name in self._tape["list"]:
            return [(one, kind) for one, kind in self._tape["list"][name]]
        if place.is_temporary:
            return []
        if self._seen is None:
            raise _never_asked(place)
        if not self._seen.alone and not self._is_untouched(place):
            self._doubt(f"{name} may have held other names when the answering path ran")
        return self._seen.names_before(place, names_in(place.path))

    def _on_disk(self, place: Place) -> Entry | None:
        """What stands there now, where the answering path had nothing to do with it."""
        if self._seen is None:
            raise _never_asked(place)
        found = entry_at(place.path)
        if not self._seen.alone and not self._is_as_it_was(place, found):
            self._doubt(f"{place.name} may have been another one when the answering path ran")
        return found

    def _is_as_it_was(self, place: Place, found: Entry | None) -> bool:
        """Whether nobody has changed it since the answering path began; of nothing, since that ended."""
        seen, around = self._seen, place.folder
        if seen is None:
            return False
        if found is not None:
            return found.changed < seen.began
        return around is None or self._is_untouched(around)

    def _is_untouched(self, folder: Place) -> bool:
        """Whether nothing came into a folder or went out of it, but by the answering path."""
        seen, found = self._seen, entry_at(folder.path)
        if seen is None or found is None:
            return seen is not None
        return found.changed < seen.began or seen.left.get(folder.name) == found.signature


def entry_of(shown: Any) -> Entry | None:
    """What stands on a tape of a place: times are on none."""
    if shown is None or shown == "folder":
        return None if shown is None else Entry("folder", mode=0o755)
    return Entry("file", shown["bytes"], int(shown["mode"], 8))


def shown_entry(entry: Entry | None) -> Any:
    """The same the other way."""
    if entry is None or entry.kind == "folder":
        return None if entry is None else "folder"
    return {"bytes": entry.size, "mode": f"{entry.mode:o}"}


def _never_asked(place: Place) -> NotFollowed:
    return NotFollowed(f"the answering path did not look at {place.name}, so it is on no tape")
