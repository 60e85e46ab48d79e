"""What `os.scandir` gives a replay: entries that stand where the path believes them to stand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any


class ShownEntry:
    """As `os.DirEntry`."""

    def __init__(self, entry: Any, folder: Any, stat: Callable[..., os.stat_result]) -> None:
        self._entry = entry
        self._stat = stat
        self.name = entry.name
        self.path = os.path.join(folder, self.name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """As that of the system."""
        return bool(self._entry.is_dir(follow_symlinks=follow_symlinks))

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """As that of the system."""
        return bool(self._entry.is_file(follow_symlinks=follow_symlinks))

    def is_symlink(self) -> bool:
        """As that of the system."""
        return bool(self._entry.is_symlink())

    def is_junction(self) -> bool:
        """There are none where this is used."""
        return False

    def inode(self) -> int:
        """A number of the replay's own file."""
        return int(self._entry.inode())

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """What the path would be told by its path."""
        return self._stat(self.path, follow_symlinks=follow_symlinks)


class ShownEntries:
    """As the iterator of `os.scandir`."""

    def __init__(self, entries: Sequence[Any], folder: Any, stat: Callable[..., os.stat_result]) -> None:
        self._left = iter([ShownEntry(entry, folder, stat) for entry in entries])

    def __iter__(self) -> Iterator[ShownEntry]:
        return self

    def __next__(self) -> ShownEntry:
        return next(self._left)

    def __enter__(self) -> ShownEntries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing more comes."""
        self._left = iter(())
