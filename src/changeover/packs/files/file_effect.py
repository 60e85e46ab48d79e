"""A changed file or folder as an effect of the path that changed it."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from changeover.packs.files.file_state import Content
from changeover.packs.files.shown_content import compared_content
from changeover.quick_dataclass import dataclass

FOLDER: Final = "folder"
Held = Content | Literal["folder"] | None
"""What stands at a place: content, a folder, or nothing."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One place before and after a path.

    Args:
        name: as on a tape.
        permissions: what the path has chosen for it; None where it chose none.
    """

    name: str
    before: Held
    after: Held
    permissions: int | None = None


@dataclass(frozen=True, slots=True)
class FileEffect:
    """What came of a place in the end: `write`, `remove`, `mkdir` or `rmdir`."""

    operation: str
    arguments: tuple[Any, ...]


def file_effects(changes: Iterable[FileChange], as_json: Sequence[str] = ()) -> list[FileEffect]:
    """The effects of a path in the order of their names: by which calls they came about is not compared.

    Files whose names are like one of `as_json` are compared by their values, and not as texts.
    """
    ordered = sorted(changes, key=lambda one: one.name)
    return [effect for change in ordered for effect in _effects(change, as_json)]


def _effects(change: FileChange, as_json: Sequence[str]) -> Iterator[FileEffect]:
    name, before, after = change.name, change.before, change.after
    if before == after and change.permissions is None:
        return
    if before is not None and before != after:
        if before == FOLDER:
            yield FileEffect("rmdir", (name,))
        elif after is None or after == FOLDER:
            yield FileEffect("remove", (name,))
    permissions = None if change.permissions is None else stat.filemode(change.permissions)[1:]
    if after == FOLDER:
        yield FileEffect("mkdir", (name, permissions))
    elif after is not None and not isinstance(after, str):
        yield FileEffect("write", (name, compared_content(name, after, as_json), permissions))
