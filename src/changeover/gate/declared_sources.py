"""Whether a program declares a source of cases, read from its files: nothing of it is imported."""

from __future__ import annotations

import re
from pathlib import Path

from changeover.values.python_files import FILES_MAX, python_files

FILE_BYTES_MAX = 1_000_000
_DECLARES = re.compile(rb"\.source\s*\(")


def declares_source(root: Path) -> bool:
    """Whether any file below it calls `something.source(...)`; True too where there are too many to look."""
    for number, file in enumerate(python_files(root)):
        if number >= FILES_MAX:
            return True
        try:
            if file.stat().st_size > FILE_BYTES_MAX or _DECLARES.search(file.read_bytes()):
                return True
        except OSError:
            continue
    return False
