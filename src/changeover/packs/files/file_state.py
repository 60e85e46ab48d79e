"""What stands at a place of a disk, as it is read there."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import Any, Literal

from changeover.quick_dataclass import dataclass

# Those of the system, whatever stands in their place later.
_lstat, _listing, _open, _read, _close = os.lstat, os.scandir, os.open, os.read, os.close
_CHUNK = 1 << 20
OWN = "changeover-files-"
"""How folders of replays begin; no listing shows one."""
Kind = Literal["file", "folder", "other"]


class NotFollowed(Exception):
    """What a path does with files cannot be compared; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder as the system describes it; of links, devices and the like only that they are there.

    `signature` is another one once somebody has changed it. Times are in nanoseconds.
    """

    kind: Kind
    size: int = 0
    mode: int = 0o644
    times: tuple[int, int] | None = None
    signature: tuple[int, ...] = ()
    changed: int = 0


@dataclass(frozen=True, slots=True)
class LargeContent:
    """What a file holds that is too large to be kept: equal where these are."""

    size: int
    sha256: str


Content = bytes | LargeContent


def entry_at(path: str) -> Entry | None:
    """What stands there; None where nothing does."""
    try:
        found = _lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    signature = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    times, changed = (found.st_atime_ns, found.st_mtime_ns), found.st_ctime_ns
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISREG(found.st_mode):
        return Entry("file", found.st_size, mode, times, signature, changed)
    if stat.S_ISDIR(found.st_mode):
        return Entry("folder", 0, mode, times, signature, changed)
    return Entry("other")


def content_at(path: str, most: int) -> Content:
    """What a file holds; of more than so many bytes the digest."""
    digest, size, parts = hashlib.sha256(), 0, []
    descriptor = _open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        while part := _read(descriptor, _CHUNK):
            digest.update(part)
            size += len(part)
            if size <= most:
                parts.append(part)
    finally:
        _close(descriptor)
    return b"".join(parts) if size <= most else LargeContent(size, digest.hexdigest())


def names_in(path: str) -> list[tuple[str, Kind]]:
    """What stands in a folder, in the order in which the system tells it; nothing where it is none."""
    try:
        with _listing(path) as entries:
            return [(one.name, _kind(one)) for one in entries if not one.name.startswith(OWN)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _kind(entry: Any) -> Kind:
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "folder" if entry.is_dir(follow_symlinks=False) else "other"
