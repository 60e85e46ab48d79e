"""What functions hold besides their code: closures and defaults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any

HELD_MAX = 100
"""So many things that a function holds are looked at."""


def closed_over(function: FunctionType) -> Iterator[Any]:
    """What a function holds, and what functions and methods that it holds do."""
    seen: set[int] = set()
    waiting: list[Any] = [function]
    while waiting and len(seen) < HELD_MAX:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one is not function:
            yield one
        if type(one) is MethodType:
            waiting += one.__self__, one.__func__
        elif type(one) is FunctionType:
            waiting += one.__defaults__ or ()
            waiting += (one.__kwdefaults__ or {}).values()
            for cell in one.__closure__ or ():
                with suppress(ValueError):  # not filled yet
                    waiting.append(cell.cell_contents)
