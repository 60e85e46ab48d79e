"""Runs that the store would not take to the very end of a process, counted beside it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from changeover.values.atomic_file import append_lines

NAME = "lost.jsonl"
FILE_BYTES_MAX = 1024 * 1024


def note_lost(store: Path, runs: int, why: str, at: datetime) -> bool:
    """Append so many runs; False where even that could not be written. Never raises."""
    line = json.dumps({"at": at.isoformat(timespec="seconds"), "runs": runs, "why": why})
    with suppress(OSError):
        store.parent.mkdir(parents=True, exist_ok=True)
        append_lines(store.with_name(NAME), f"{line}\n".encode())
        return True
    return False


def lost_beside(store: Path) -> int:
    """How many runs were lost so; a line that cannot be read stands for one at least."""
    file = store.with_name(NAME)
    try:
        with file.open("rb") as opened:
            lines = opened.read(FILE_BYTES_MAX).splitlines()
    except OSError:
        return 0
    return sum(map(_runs_in, filter(bytes.strip, lines)))


def _runs_in(line: bytes) -> int:
    try:
        runs = json.loads(line)["runs"]
    except (ValueError, KeyError, TypeError):
        return 1
    return runs if type(runs) is int and runs > 0 else 1
