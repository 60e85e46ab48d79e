"""A unified diff applied to the files of a folder: exactly, or not at all."""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path, PurePosixPath

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.values.toml_table import read_text

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_NOWHERE = "/dev/null"


@dataclass(slots=True)
class Hunk:
    """Lines that stand somewhere near line `at`, counted from 1, and what takes their place."""

    at: int
    line: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FileChange:
    """The hunks of one file, from its top to its bottom."""

    path: str
    hunks: list[Hunk] = field(default_factory=list)


def read_patch(path: Path) -> list[FileChange]:
    """The changes of a patch file; raises ConfigurationError naming the line that is none of a unified diff.

    Files are changed, never made, deleted or renamed.
    """
    changes: list[FileChange] = []
    lines = read_text(path).splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("--- "):
            changes.append(FileChange(_target(path, number, lines)))
            number += 2
        elif line.startswith("@@"):
            if not changes:
                raise _error(path, number, "a hunk before any file")
            number = _read_hunk(path, number, lines, changes[-1])
        elif changes and line.startswith((" ", "+", "-")):
            raise _error(path, number, "a line that belongs to no hunk")
        else:  # what git writes between files, and words before the first one
            number += 1
    if not any(change.hunks for change in changes):
        raise ConfigurationError(str(path), "holds no change, needed: a unified diff")
    return changes


def _target(path: Path, number: int, lines: list[str]) -> str:
    after = lines[number + 1] if number + 1 < len(lines) else ""
    if not after.startswith("+++ "):
        raise _error(path, number + 1, "no '+++' after '---'")
    old, new = (text[4:].split("\t")[0].strip() for text in (lines[number], after))
    if _NOWHERE in (old, new):
        raise _error(path, number, f"{old} -> {new}: a patch changes files; `delete` names those that go")
    target = new.partition("/")[2] if old.startswith("a/") and new.startswith("b/") else new
    parts = PurePosixPath(target).parts
    if not parts or ".." in parts or PurePosixPath(target).is_absolute():
        raise _error(path, number + 1, f"{target!r} lies outside the project")
    return target


def _read_hunk(path: Path, number: int, lines: list[str], change: FileChange) -> int:
    found = _HUNK.match(lines[number])
    if found is None:
        raise _error(path, number, f"was {lines[number]!r}, allowed: @@ -LINE,COUNT +LINE,COUNT @@")
    hunk = Hunk(int(found[1]), number + 1)
    wanted = int(found[2] or "1")
    number += 1
    while number < len(lines) and (len(hunk.old) < wanted or lines[number].startswith(("+", "\\"))):
        mark, text = lines[number][:1], lines[number][1:]
        if mark not in (" ", "-", "+", "\\", ""):
            raise _error(path, number, "the hunk above ends too early")
        if mark in (" ", "-", ""):
            hunk.old.append(text)
        if mark in (" ", "+", ""):
            hunk.new.append(text)
        number += 1
    if len(hunk.old) != wanted:
        raise _error(
            path, hunk.line - 1, f"the hunk has {len(hunk.old)} old lines, its heading says {wanted}"
        )
    change.hunks.append(hunk)
    return number


def apply_patch(path: Path, changes: list[FileChange], folder: Path) -> None:
    """Change the files of a folder; raises ConfigurationError where one hunk does not fit, before any write.

    A hunk may have moved, but its lines must stand there exactly, and once.
    """
    written = [(folder / change.path, _changed(path, change, folder)) for change in changes]
    for target, text in written:
        target.write_text(text, encoding="utf-8", newline="")


def _changed(path: Path, change: FileChange, folder: Path) -> str:
    target = folder / change.path
    if not target.is_file():
        raise ConfigurationError(str(path), f"{change.path}: is not there; write the patch anew")
    text = target.read_bytes().decode("utf-8")
    end = "\r\n" if "\r\n" in text else "\n"
    lines, done = text.split(end), 0
    for hunk in change.hunks:
        at = _place(lines, hunk, done)
        if at is None:
            raise _error(
                path,
                hunk.line - 1,
                f"{change.path}: these lines do not stand there, or more than once; write the patch anew",
            )
        lines[at : at + len(hunk.old)] = hunk.new
        done = at + len(hunk.new)
    return end.join(lines)


def _place(lines: list[str], hunk: Hunk, first: int) -> int | None:
    size = len(hunk.old)
    places = [at for at in range(first, len(lines) - size + 1) if lines[at : at + size] == hunk.old]
    return places[0] if len(places) == 1 and size else None


def _error(path: Path, number: int, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{number + 1}", problem)
