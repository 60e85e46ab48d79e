"""How many source files one act enters: what a newcomer has to follow to understand it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

_MADE = "quick_dataclass.py"
"""Methods of records, which stand in no file where the standard library makes them, as on Python 3.13."""


class Way:
    """The files of one package in which a function was called, by their path inside the package."""

    def __init__(self, package: Path) -> None:
        self._prefix = f"{package}/"
        self.files: set[str] = set()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """Note one call, as `sys.setprofile` tells of it; what a module does while it is imported is none."""
        code = frame.f_code
        if event == "call" and code.co_name != "<module>" and code.co_filename.startswith(self._prefix):
            self.files.add(code.co_filename.removeprefix(self._prefix))
            self.files.discard(_MADE)


@contextmanager
def way_through(package: Path) -> Iterator[Way]:
    """Follow what this thread, and threads that it starts, call meanwhile."""
    way = Way(package)
    threading.setprofile(way)
    sys.setprofile(way)
    try:
        yield way
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
