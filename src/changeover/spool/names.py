"""How the files of one process are called. A name is `PID-RANDOM`; random, since numbers of processes return.

NAME.counts       what was offered; locked by the process as long as it lives
NAME.00001.frames what was appended, in files that follow each other
NAME.read         how far a reader came; locked by the one that reads
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from changeover.quick_dataclass import dataclass

COUNTS, READ, FRAMES = "counts", "read", "frames"
BEING_MADE = "new"
_FILE = re.compile(r"(?P<name>\d+-[0-9a-f]{16})\.((?P<number>\d{5,})\.frames|counts|read|new)")


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One file of frames, as it was when it was looked at."""

    path: Path
    name: str
    number: int
    size: int
    written_at: float


def new_name() -> str:
    """One that no other process has; asks no generator that the program draws from."""
    return f"{os.getpid()}-{os.urandom(8).hex()}"


def frames_path(folder: Path, name: str, number: int) -> Path:
    """Where the frames of this number are."""
    return folder / f"{name}.{number:05d}.{FRAMES}"


def names_in(folder: Path) -> list[str]:
    """The processes that left something, in no order; none where the folder is not there."""
    with suppress(OSError):
        found = (_FILE.fullmatch(file.name) for file in folder.iterdir())
        return list(dict.fromkeys(match["name"] for match in found if match))
    return []


def files_in(folder: Path, name: str | None = None) -> list[SpoolFile]:
    """The files of frames of all processes, or of one, each one's in their order."""
    return sorted(_files(folder, name), key=lambda file: (file.name, file.number))


def _files(folder: Path, name: str | None) -> Iterator[SpoolFile]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _FILE.fullmatch(entry.name)
            if match is None or match["number"] is None or name not in (None, match["name"]):
                continue
            with suppress(OSError):  # one that a reader has removed meanwhile
                found = entry.stat()
                number = int(match["number"])
                yield SpoolFile(Path(entry.path), match["name"], number, found.st_size, found.st_mtime)
