"""Who reads a clock: the program's own code, a package that tells the time for it, or somebody else."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from types import FrameType

PROGRAM = "program"
_TOOLKIT = "changeover"
_INSTALLED = ("site-packages", "dist-packages")


class Callers:
    """Tells modules apart by their names and files, each once.

    Args:
        packages: those whose reads count, beside the program's own code: each has an order of its own.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages
        self._known: dict[str, str | None] = {}

    def of_frame(self, frame: FrameType | None) -> str | None:
        """Whose code it is: `program`, or one of the packages; None for everybody else."""
        while frame is not None:
            name = frame.f_globals.get("__name__")
            if name is not None:
                return self._known[name] if name in self._known else self.of_module(name)
            frame = frame.f_back  # a function that a library has made, such as the `__init__` of attrs
        return None

    def of_module(self, name: str) -> str | None:
        """The same of a module that is imported."""
        if name not in self._known:
            self._known[name] = self._looked_up(name)
        return self._known[name]

    def _looked_up(self, name: str) -> str | None:
        for package in self._packages:
            if name == package or name.startswith(f"{package}."):
                return package
        root = name.partition(".")[0]
        if root == _TOOLKIT or (root in sys.stdlib_module_names and root != "__main__"):
            return None
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        parts = file.replace("\\", "/").split("/")
        is_installed = any(part in parts for part in _INSTALLED) or file.startswith(_STANDARD)
        return None if is_installed else PROGRAM


_STANDARD = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
