"""Digests of source files, kept for the next process: to parse a large program takes longer than a command.

A file is known by its path, its size, and when it and its entry in the folder were changed last; the latter
cannot be set by a program. What changed a moment ago is known to this process alone: a second change within
one tick of the clock of the file system would not be seen. What is kept is no evidence: without it everything
is read anew.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from changeover.values.atomic_file import OWNER_ONLY, move_into_place, write_beside

FILE = "code-digests.json"
FORMAT = f"1, Python {sys.version_info.major}.{sys.version_info.minor}"
"""Of what is written, and of the syntax trees that the digests are about."""
SETTLED_NS = 2_000_000_000
FILES_MAX = 50_000
Stamp = tuple[int, int, int, int]
"""Size, changed, entry changed (both in ns), number of the entry."""


class FileDigests:
    """Those that are known to this process. Safe for threads.

    Args:
        now_ns: a clock, as the file system has it.
    """

    def __init__(self, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._now_ns = now_ns
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._kept: dict[str, tuple[Stamp, str]] = {}
        self._place: Path | None = None
        self._has_new = False
        self._lock = threading.Lock()

    def keep_in(self, folder: Path) -> None:
        """Read what is kept in this folder, and keep there what is found from now on; never raises."""
        place = folder / FILE
        with self._lock:
            if place == self._place:
                return
            self._place = place
            self._kept = {**_read(place), **self._kept}
            self._known = {**self._kept, **self._known}

    def digest(self, path: Path, work_out: Callable[[Path], str]) -> str:
        """The one that is known, else what is worked out; raises what that raises, and OSError."""
        found = path.stat()
        stamp = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        name = str(path)
        known = self._known.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        is_settled = self._now_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > SETTLED_NS
        digest = work_out(path)
        with self._lock:
            self._known[name] = stamp, digest
            if is_settled:
                self._kept[name] = stamp, digest
                self._has_new = True
        return digest

    def save(self) -> None:
        """Keep what is new, where the folder is there; never raises."""
        with self._lock:
            if not self._has_new or self._place is None or not self._place.parent.is_dir():
                return
            self._has_new = False
            kept = list(self._kept.items())[-FILES_MAX:]
            text = json.dumps({"format": FORMAT, "files": {name: [*one, two] for name, (one, two) in kept}})
            beside = self._place.with_name(f".{FILE}.{os.getpid()}")
            with suppress(OSError):
                write_beside(self._place, text.encode("utf-8", "surrogatepass"), beside, OWNER_ONLY)
                move_into_place(beside, self._place)


def _read(place: Path) -> dict[str, tuple[Stamp, str]]:
    """What is kept; nothing where it is damaged, or of another version."""
    try:
        data = json.loads(place.read_bytes())
        if data["format"] != FORMAT:
            return {}
        return {
            str(name): ((int(size), int(changed), int(entry), int(number)), str(digest))
            for name, (size, changed, entry, number, digest) in data["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
