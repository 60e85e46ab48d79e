"""Writing files: a crash or a full disk at any step leaves the old content or the new, never a mixture.

New content is written and synced beside the old file, then takes its name in one step. Nothing here asks what
the content means, and every function raises OSError: `describe_os_error` has the words for it.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from contextlib import suppress
from pathlib import Path

ANYBODY, OWNER_ONLY = 0o666, 0o600
"""Modes of new files, before the umask."""
_BINARY = getattr(os, "O_BINARY", 0)


def write_file(path: Path, data: bytes) -> None:
    """Write a file anew, with its folder; mode and owner stay, and so does a link to it."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = write_beside(target, data, _own_name(target))
    try:
        move_into_place(beside, target)
    except BaseException:
        discard(beside)
        raise


def create_file(path: Path, data: bytes, mode: int = ANYBODY) -> bool:
    """Write a file, with its folder, unless it exists; of several processes that do so at once one wins.

    Returns:
        Whether this call has written it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = write_beside(path, data, _own_name(path), mode)
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        return False
    finally:
        discard(beside)
    sync_folder(path.parent)
    return True


def write_beside(path: Path, data: bytes, beside: Path | None = None, mode: int = ANYBODY) -> Path:
    """Write and sync the content that will replace `path`, and give the file that holds it.

    It has the mode and owner of the old file where possible, and a later time, so that a reader that looks at
    time and size sees every change, however fast they follow each other.

    Args:
        beside: Where to write; unless given a name that is the same for everybody, for the holder of a lock.
    """
    beside = beside or path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, mode)
        try:
            _write(descriptor, data)
            _become_successor(descriptor, path)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        discard(beside)
        raise
    return beside


def move_into_place(beside: Path, path: Path) -> None:
    """Give the new content the name of the old one: readers see either."""
    beside.replace(path)
    sync_folder(path.parent)


def discard(beside: Path) -> None:
    """Remove what was written beside; a file that cannot be removed does no harm."""
    with suppress(OSError):
        beside.unlink()


def overwrite(path: Path, data: bytes) -> None:
    """Write over the old content where it lies, which needs no new room; a reader may see a mixture."""
    old = path.stat()
    descriptor = os.open(path, os.O_RDWR | _BINARY)
    try:
        _write(descriptor, data)
        _be_later(descriptor, old)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_lines(path: Path, data: bytes) -> None:
    """Add whole lines and sync them; a torn last line is ended first, and never joined to a new one."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, ANYBODY)
    try:
        size = os.fstat(descriptor).st_size
        if size and not _ends_line(descriptor, size):
            data = b"\n" + data
        written = 0
        try:
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                # Another process may have added a line behind the torn one, which then has to stay.
                if os.fstat(descriptor).st_size == size + written:
                    os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder outlive a loss of power, where the system can.

    Never raises: the change has been made by then, and to call it failed would be wrong.
    """
    if sys.platform == "win32":  # folders cannot be synced there
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _own_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _ends_line(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _become_successor(descriptor: int, path: Path) -> None:
    try:
        old = path.stat()
    except OSError:
        return
    if sys.platform != "win32":
        with suppress(OSError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        with suppress(OSError):
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    _be_later(descriptor, old)


def _be_later(descriptor: int, old: os.stat_result) -> None:
    if os.fstat(descriptor).st_mtime_ns <= old.st_mtime_ns and os.utime in os.supports_fd:
        with suppress(OSError):
            os.utime(descriptor, ns=(old.st_atime_ns, old.st_mtime_ns + 1))
