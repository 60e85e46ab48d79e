"""Calls to the file system of a process, from SQLite too: counted, one of them ended in, or refused.

libc's functions are wrapped by a small library (`tests/sweeps/file_calls.c`) that is preloaded into a Python
process; what is forked from that process is armed with one moment.
"""

import ctypes
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "sweeps" / "file_calls.c"
PRELOAD = "LD_PRELOAD"


class Action(IntEnum):
    """What is done at the n-th call; the numbers are those of the library."""

    COUNT = 0
    KILL = 1  # before the call
    TORN = 2  # half of the write is done, then SIGKILL
    FAIL = 3  # this call alone
    FAIL_ON = 4  # this call and all later ones that may need space


@dataclass(frozen=True)
class FileCall:
    """A call by its name; `grows` says whether it may need space."""

    name: str
    grows: bool


def preload(folder: Path) -> Path:
    """Compile the library into this folder; raises CalledProcessError, or FileNotFoundError without gcc."""
    library = folder / "file_calls.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"],
        check=True,
        capture_output=True,
    )
    return library


def run_preloaded(library: Path, arguments: list[str]) -> int:
    """Run this Python with these arguments and the library in front of libc; its exit code."""
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, PRELOAD: str(library)}, check=False
    ).returncode


class FileCalls:
    """The library in this process, which was started with it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ[PRELOAD])
        self._library.calls_count.restype = ctypes.c_long
        self._library.calls_name.restype = ctypes.c_char_p
        self._library.calls_name.argtypes = self._library.calls_grow.argtypes = [ctypes.c_long]
        self._library.calls_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int]

    def arm(self, folder: Path, nth: int = 0, action: Action = Action.COUNT, error: int = 0) -> None:
        """Count calls about files in this folder from now on, and act at the n-th."""
        self._library.calls_arm(os.fsencode(f"{folder}{os.sep}"), nth, action, error)

    def counted(self) -> list[FileCall]:
        """What was called so far, in order."""
        library = self._library
        library.calls_disarm()
        return [
            FileCall(library.calls_name(nth).decode(), bool(library.calls_grow(nth)))
            for nth in range(1, library.calls_count() + 1)
        ]
