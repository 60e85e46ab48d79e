"""Which paths are covered: those below the declared folders, and what `tempfile` makes for a path."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from changeover.quick_dataclass import dataclass

TEMPORARY = "<temporary>"
"""How the name of what stands in the system's folder for temporary files begins."""
_OF_NO_PROGRAM = (
    *("/dev", "/proc", "/sys"),
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"""What the system keeps there, and where Python and libraries have files of their own."""
_IN_MEMORY = ("/dev/shm",)  # noqa: S108  a folder like others
Declared = str | os.PathLike[str] | Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Root:
    """One covered folder, as it is when a path begins.

    Args:
        label: how names of its files begin; empty where there is but one folder.
        path: without links.
        aliases: the ways in which it may be written, itself included.
    """

    label: str
    path: str
    aliases: tuple[str, ...]


class Place(NamedTuple):
    """A file or folder below a root; `below` is relative to it, and empty for the root itself."""

    root: Root
    below: str

    @property
    def name(self) -> str:
        """How it is called on a tape: it has nothing of the machine."""
        return "/".join(part for part in (self.root.label, self.below) if part) or "."

    @property
    def path(self) -> str:
        """Where it is."""
        return os.path.join(self.root.path, self.below) if self.below else self.root.path

    @property
    def folder(self) -> Place | None:
        """The place around it; None for a root."""
        return Place(self.root, os.path.dirname(self.below)) if self.below else None

    def and_around(self) -> Iterator[Place]:
        """Itself, and the folders around it up to the root."""
        place: Place | None = self
        while place is not None:
            yield place
            place = place.folder

    @property
    def last(self) -> str:
        """Its own name in the folder around it."""
        return os.path.basename(self.below)

    def child(self, name: str) -> Place:
        """What stands in it under that name."""
        return Place(self.root, os.path.join(self.below, name) if self.below else name)

    @property
    def is_temporary(self) -> bool:
        """Whether nobody but the path knows of it."""
        return self.root.label == TEMPORARY


class CoveredFolders:
    """Tells covered paths from others, for one path.

    Args:
        declared: folders as `use` got them; relative ones stand in the working folder.
    """

    def __init__(self, declared: Iterable[Declared]) -> None:
        self._roots = tuple(_roots([one() if callable(one) else one for one in declared]))
        self._made: set[str] = set()
        self._temporary: dict[str, Root] = {}

    def made(self, name: str) -> None:
        """`tempfile` was given this name: what has it in its own name is the path's."""
        self._made.add(name)

    def is_made(self, place: Place) -> bool:
        """Whether `tempfile` has named it."""
        name = os.path.basename(place.below)
        return any(made in name for made in self._made)

    def place_of(self, path: Any) -> Place | None:
        """Where a path leads; None where that is not covered, or no path."""
        if isinstance(path, int):
            return None
        try:
            absolute = os.path.abspath(os.fsdecode(path))
        except (TypeError, ValueError):
            return None
        for root in self._roots:
            if _is_of_no_program(absolute) and not _is_of_no_program(root.path):
                continue
            for alias in root.aliases:
                if absolute == alias:
                    return Place(root, "")
                if absolute.startswith(alias if alias.endswith(os.sep) else alias + os.sep):
                    return Place(root, absolute[len(alias) :].lstrip(os.sep))
        return self._of_tempfile(absolute) if self._made else None

    def _of_tempfile(self, absolute: str) -> Place | None:
        parts = absolute.split(os.sep)
        for number, part in enumerate(parts):
            if any(name in part for name in self._made):
                folder = os.sep.join(parts[:number]) or os.sep
                root = self._temporary.setdefault(folder, Root(TEMPORARY, folder, (folder,)))
                return Place(root, os.sep.join(parts[number:]))
        return None


def _is_of_no_program(path: str) -> bool:
    return _is_below(path, _OF_NO_PROGRAM) and not _is_below(path, _IN_MEMORY)


def _is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether it is one of these folders, or stands below one."""
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


def _roots(folders: list[Any]) -> Iterator[Root]:
    labels: set[str] = set()
    for folder in folders:
        absolute = os.path.abspath(os.fsdecode(folder))
        real = os.path.realpath(absolute)
        label = ""
        if len(folders) > 1:
            label = name = os.path.basename(absolute) or os.sep
            number = 1
            while label in labels:
                number += 1
                label = f"{name}-{number}"
            labels.add(label)
        yield Root(label, real, tuple(dict.fromkeys((absolute, real))))
