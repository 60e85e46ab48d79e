"""Calls of the old code refused while a path runs, where it cannot be made unimportable."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from changeover.errors import LegacyRemovedError

CALLS_KEPT_MAX = 20


class Refusal:
    """Looks at every call of a Python function and raises where it lies in one of these packages.

    What it sees is kept: a path that swallows the exception is found all the same.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self.calls: list[str] = []
        self._folders = tuple(folder for package in packages for folder in _places(package))

    @contextmanager
    def here(self) -> Iterator[None]:
        """While this lasts, in this thread and in those that it starts."""
        before, before_threads = sys.getprofile(), threading.getprofile()
        sys.setprofile(self._watch)
        threading.setprofile(self._watch)
        try:
            yield
        finally:
            sys.setprofile(before)
            threading.setprofile(before_threads)

    def _watch(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(self._folders):
            return
        called = f"{_short(frame)} {frame.f_code.co_qualname}"
        if frame.f_back is not None:
            called += f", called at {_short(frame.f_back)}"
        if len(self.calls) < CALLS_KEPT_MAX:
            self.calls.append(called)
        raise LegacyRemovedError(f"{called}: legacy is removed")


def _places(package: str) -> Iterator[str]:
    spec = find_spec(package)
    if spec is None:
        return
    if spec.submodule_search_locations is None:
        yield str(spec.origin)
    else:
        yield from (f"{Path(folder)}{os.sep}" for folder in spec.submodule_search_locations)


def _short(frame: FrameType) -> str:
    return f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{frame.f_lineno}"
