"""The functions by which Python code reaches files, and what each does to the places that it names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any

from changeover.quick_dataclass import dataclass


class Depth(IntEnum):
    """How much of a place a call needs to be there: each has what stands before it."""

    ENTRY = 0
    """Whether it is there, and of which kind."""
    CONTENT = 1
    """What a file holds."""
    NAMES = 2
    """What a folder holds, by name."""
    TREE = 3
    """All that is below it."""


@dataclass(frozen=True, slots=True)
class FileCall:
    """One function: with which arguments it names places, and what it does there.

    Args:
        module: where it stands.
        name: there.
        paths: names of the parameters that are paths, which come first.
        depth: how much of them it needs.
        writes: whether it changes something.
        defaults: what a path is that is not given.
    """

    module: Any
    name: str
    paths: tuple[str, ...] = ("path",)
    depth: Depth = Depth.ENTRY
    writes: bool = False
    default: str | None = None

    def given(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Iterator[Any]:
        """The paths of a call, in their order."""
        for number, name in enumerate(self.paths):
            if number < len(args):
                yield args[number]
            else:
                yield kwargs.get(name, self.default)

    def with_paths(
        self, args: Sequence[Any], kwargs: dict[str, Any], paths: Sequence[Any]
    ) -> tuple[Any, Any]:
        """The same call with others."""
        changed, named = list(args), dict(kwargs)
        for number, (name, path) in enumerate(zip(self.paths, paths, strict=True)):
            if number < len(changed):
                changed[number] = path
            elif name in named or self.default is not None:
                named[name] = path
        return tuple(changed), named

    @property
    def full_name(self) -> str:
        """As the program writes it."""
        return f"{self.module.__name__}.{self.name}"


_MOVE = ("src", "dst")
CALLS = (
    *(FileCall(os, name) for name in ("stat", "lstat", "access", "getxattr", "listxattr")),
    *(FileCall(os, name, depth=Depth.NAMES, default=".") for name in ("listdir", "scandir")),
    *(FileCall(os, name, depth=Depth.CONTENT, writes=True) for name in ("remove", "unlink", "truncate")),
    *(FileCall(os, name, depth=Depth.CONTENT, writes=True) for name in ("utime", "chmod", "chown")),
    *(FileCall(os, name, depth=Depth.CONTENT, writes=True) for name in ("setxattr", "removexattr")),
    FileCall(os, "mkdir", writes=True),
    FileCall(os, "rmdir", depth=Depth.NAMES, writes=True),
    *(FileCall(os, name, _MOVE, Depth.TREE, writes=True) for name in ("rename", "replace")),
    FileCall(shutil, "rmtree", depth=Depth.TREE, writes=True),
)
LINKS = (FileCall(os, "link", _MOVE), FileCall(os, "symlink", _MOVE), FileCall(os, "readlink"))
"""They make and follow links, behind which another place stands."""
ON_DESCRIPTORS = (("fcntl", "flock"), ("fcntl", "lockf"), ("os", "ftruncate"), ("os", "fchmod"))
"""Calls that get a file that is open already; a replay lets those on its own files through."""
