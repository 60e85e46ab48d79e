"""Packages made unimportable in the processes that a check starts, whatever else could still find them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

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
