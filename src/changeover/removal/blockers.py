"""Packages made unimportable in the processes that a check starts, whatever else could still find them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from changeover.errors import LegacyRemovedError

SAID = "is removed: nothing may import it any more"
_SITE = '''"""Run by every Python that starts here: some packages are gone."""

import sys


class Removed:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if any(name == gone or name.startswith(gone + ".") for gone in {gone!r}):
            raise ModuleNotFoundError(name + " {said}", name=name)
        return None


sys.meta_path.insert(0, Removed)
'''


def write_blocker(folder: Path, packages: Sequence[str]) -> None:
    """A `sitecustomize` that refuses these packages to every Python with this folder first in PYTHONPATH."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _SITE.format(gone=tuple(packages), said=SAID)
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")


class Blocked(MetaPathFinder):
    """The same for this process; it refuses what is not imported yet, and keeps what it refused."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.refused: list[str] = []
        self._packages = tuple(packages)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse what is removed, leave the rest to others."""
        if any(name == gone or name.startswith(f"{gone}.") for gone in self._packages):
            self.refused.append(name)
            raise ModuleNotFoundError(f"{name} {SAID}", name=name)
        return None

    @contextmanager
    def here(self) -> Iterator[None]:
        """While this lasts."""
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)


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
