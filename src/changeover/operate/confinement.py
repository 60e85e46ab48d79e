"""What a process of replays may not do, whatever code it runs: asked of the kernel, where that can be had.

The net of `replay.isolation` stands everywhere; it sees what Python announces. The kernel sees the rest:
calls of C, of libraries, of `ctypes`. Nothing that is given up here can be had back by the process.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from contextlib import suppress
from enum import StrEnum
from functools import cache
from pathlib import Path

from changeover.operate.call_filter import filter_calls, keep_privileges_down

FILE_BYTES = 64 * 1024 * 1024
"""So large a file may become in the folder of a replay."""
_ASKED_S = 30.0
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION = 1
_PATH_BENEATH = 1
# Of the rights over files those that change something, by the version of Landlock that has them.
_WRITES = 1 << 1 | sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_WRITE_FILE = 1 << 1
_BIND_AND_CONNECT = 1 << 0 | 1 << 1
_NO_ABSTRACT_SOCKETS_NO_SIGNALS = 1 << 0 | 1 << 1
_HAS_REFER, _HAS_TRUNCATE, _HAS_NETWORK, _HAS_IOCTL, _HAS_SCOPES = 2, 3, 4, 5, 6


class Level(StrEnum):
    """One thing that keeps a replay from the world."""

    NET = "net"
    LIMITS = "limits"
    FILES = "landlock"
    CALLS = "seccomp"


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def confine(memory_bytes: int, *, network: bool, folder: str | None = None) -> tuple[Level, ...]:
    """Give up, in this process and for ever, what no replay needs; gives what is in force from now on.

    Args:
        memory_bytes: how much memory it may take beyond what it has.
        network: whether reads that are `fixed` may need the network: the net alone refuses it then elsewhere.
        folder: the only one in which files may be written, where packs replay paths on files of their own.
    """
    found = [Level.NET]
    if _limit(memory_bytes, FILE_BYTES if folder else 0):
        found.append(Level.LIMITS)
    if sys.platform == "linux":
        with suppress(OSError, AttributeError, ValueError):
            keep_privileges_down()
            if _forbid_writing(folder, network=network):
                found.append(Level.FILES)
            if filter_calls(platform.machine(), network=network):
                found.append(Level.CALLS)
    return tuple(found)


def _limit(memory_bytes: int, file_bytes: int) -> bool:
    """No file grows beyond so much, no core is dumped, and memory has an end."""
    try:
        import resource
    except ImportError:
        return False
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: file_bytes}
    size = _address_space()
    if size is not None:
        limits[resource.RLIMIT_AS] = size + memory_bytes
    is_limited = True
    for limit, most in limits.items():
        try:
            resource.setrlimit(limit, (most, most))
        except (OSError, ValueError):
            is_limited = False
    return is_limited


def _address_space() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None


def _forbid_writing(folder: str | None, *, network: bool) -> bool:
    """Landlock: nothing is written, made, moved or removed outside of a folder, but what is thrown away.

    False where the system has no Landlock.

    Where the kernel can, no signal reaches another process, and no device is told anything.
    """
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION))
    if version < 1:
        return False
    files = _WRITES
    files |= _REFER if version >= _HAS_REFER else 0
    files |= _TRUNCATE if version >= _HAS_TRUNCATE else 0
    files |= _IOCTL if version >= _HAS_IOCTL else 0
    fields = 1 + (version >= _HAS_NETWORK) + (version >= _HAS_SCOPES)
    refused = (_BIND_AND_CONNECT, _NO_ABSTRACT_SOCKETS_NO_SIGNALS)[: fields - 1] if not network else ()
    rules = _Ruleset(files, *refused)
    size = fields * ctypes.sizeof(ctypes.c_uint64)
    ruleset = system.syscall(_LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        _allow(system, ruleset, os.devnull, _WRITE_FILE)
        if folder is not None:
            _allow(system, ruleset, folder, files)
        return bool(system.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _allow(system: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathRule(rights, opened)
        system.syscall(_LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(opened)


def isolation_here() -> tuple[str, ...]:
    """What would be in force in a process of replays on this system; asked of a process that ends again."""
    try:
        return _asked()
    except (OSError, subprocess.SubprocessError):
        return (Level.NET,)


@cache
def _asked() -> tuple[str, ...]:
    """Asked once: a system does not change while a process runs."""
    asked = subprocess.run(  # noqa: S603  this interpreter, and this module
        [sys.executable, "-m", __name__], capture_output=True, text=True, timeout=_ASKED_S, check=True
    )
    return tuple(asked.stdout.split())


if __name__ == "__main__":
    print(*confine(1 << 30, network=False))
