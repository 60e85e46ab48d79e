"""Whether a program declares a source of cases, read from its files: nothing of it is imported."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

FILES_MAX = 5_000
FILE_BYTES_MAX = 1_000_000
_NOT_THE_PROGRAM = frozenset({"node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__"})
_DECLARES = re.compile(rb"\.source\s*\(")


def declares_source(root: Path) -> bool:
    """Whether any file below it calls `something.source(...)`; True too where there are too many to look."""
    for number, file in enumerate(_files(root)):
        if number >= FILES_MAX:
            return True
        try:
            if file.stat().st_size > FILE_BYTES_MAX or _DECLARES.search(file.read_bytes()):
                return True
        except OSError:
            continue
    return False


def _files(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in _NOT_THE_PROGRAM)
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))
