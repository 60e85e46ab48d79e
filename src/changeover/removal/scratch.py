"""A copy of a project's source files in a folder of its own, in which things may be deleted."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from changeover.errors import ConfigurationError

COPIED_BYTES_MAX = 2 * 1024**3
_LISTING_S = 60
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "build", "dist", "venv"})


def copy_project(root: Path, target: Path) -> int:
    """Copy what git has or would add, without git every file outside hidden folders; gives how many.

    Raises ConfigurationError for a project of more than COPIED_BYTES_MAX.
    """
    size = copied = 0
    for name in listed_files(root):
        source = root / name
        size += source.stat().st_size
        if size > COPIED_BYTES_MAX:
            raise ConfigurationError(str(root), f"has more than {COPIED_BYTES_MAX:,} bytes of source files")
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name)
        copied += 1
    return copied


def delete_places(root: Path, places: Sequence[str]) -> int:
    """Delete files and folders of a copy, and count the files; raises ConfigurationError for what is none."""
    deleted = 0
    for place in places:
        target = root / place
        if target.is_dir() and not target.is_symlink():
            deleted += sum(1 for path in target.rglob("*") if path.is_file())
            shutil.rmtree(target)
        elif target.is_file() or target.is_symlink():
            deleted += 1
            target.unlink()
        else:
            raise ConfigurationError("migration.removal.delete", f"{place!r} is no file and no folder here")
    return deleted


def listed_files(root: Path) -> Iterator[Path]:
    """The source files of a project, relative to it: what git has or would add, or everything not hidden."""
    names = _by_git(root)
    if names is not None:  # it may list what is deleted already, and submodules
        yield from (name for name in names if (root / name).is_file())
        return
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _LEFT_OUT]
        yield from (Path(folder, name).relative_to(root) for name in files)


def _by_git(root: Path) -> list[Path] | None:
    """What git lists, None where there is no git, or the folder is none of its work trees."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(  # noqa: S603  a fixed command
            [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root,
            capture_output=True,
            timeout=_LISTING_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return [Path(os.fsdecode(name)) for name in dict.fromkeys(done.stdout.split(b"\0")) if name]


def discard(folder: Path) -> None:
    """Delete a scratch folder; what cannot be deleted stays, as it is in the folder for temporary files."""
    shutil.rmtree(folder, ignore_errors=True)
