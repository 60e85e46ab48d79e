"""The Python files of a project, without what is installed or built in its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

FILES_MAX = 5_000
NOT_OF_THE_PROJECT = frozenset(
    {"node_modules", "venv", "env", "build", "dist", "site-packages", "__pycache__"}
)
"""Folders of these names are not entered, nor are those whose name begins with a dot."""


def python_files(root: Path, left_out: frozenset[str] = NOT_OF_THE_PROJECT) -> Iterator[Path]:
    """Every such file, folder by folder in the order of their names.

    Args:
        root: where they are looked for.
        left_out: names of folders that are not entered.
    """
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in left_out)
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))
