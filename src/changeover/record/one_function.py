"""Whether both paths of a seam are one function: then no difference between them comes from the code."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from types import CellType, FunctionType, MethodType
from typing import Any

from changeover.values.atom_types import ATOMS

DEPTH_MAX = 10


def are_one(path: Any, other: Any, depth: int = 0) -> bool:
    """Whether two functions are the same code, and have the same objects in their closures and defaults."""
    if path is other:
        return True
    cls = type(path)
    if cls is not type(other) or depth > DEPTH_MAX:
        return False
    if any(cls is one for one in ATOMS):
        return bool(path == other)
    if cls is MethodType:
        return path.__self__ is other.__self__ and are_one(path.__func__, other.__func__, depth + 1)
    if cls is functools.partial:
        ours, theirs = ((one.func, *one.args, *one.keywords.values()) for one in (path, other))
        return path.keywords.keys() == other.keywords.keys() and _all_are_one(ours, theirs, depth)
    if cls is not FunctionType:
        return False
    is_same_code = path.__code__ is other.__code__ and path.__globals__ is other.__globals__
    return is_same_code and _all_are_one(_held_by(path), _held_by(other), depth)


def _held_by(path: FunctionType) -> list[Any]:
    cells = [_content(cell) for cell in path.__closure__ or ()]
    named = sorted((path.__kwdefaults__ or {}).items())
    return [*cells, *(path.__defaults__ or ()), *(value for _, value in named)]


def _all_are_one(ours: Sequence[Any], theirs: Sequence[Any], depth: int) -> bool:
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(are_one(one, other, depth + 1) for one, other in pairs)


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is not bound yet
        return None
