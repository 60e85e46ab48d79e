"""The objects that a path reaches at once: by its closure, its defaults, and the names that it uses."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from changeover.values.atom_types import ATOMS
from changeover.values.own_state import own_state

LOOKED_AT_MAX = 500
DEPTH_MAX = 4
OF_A_CONTAINER_MAX = 50


def reached_objects(begin: Iterable[Any], wanted: Callable[[type], bool]) -> Iterator[Any]:
    """Objects of wanted classes that these functions and values reach, within limits.

    Nothing of the program is asked: what is no function, container or object with attributes is not opened.
    """
    waiting = deque((one, 0) for one in begin)
    seen: set[int] = set()
    while waiting and len(seen) < LOOKED_AT_MAX:
        value, depth = waiting.popleft()
        if (type(value) in ATOMS and not isinstance(value, ModuleType)) or id(value) in seen:
            continue
        seen.add(id(value))
        if wanted(type(value)):
            yield value
        if depth < DEPTH_MAX:
            waiting.extend((one, depth + 1) for one in _inside(value))


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, FunctionType):
        return _of_function(value)
    if isinstance(value, MethodType):
        return (value.__func__, value.__self__)
    if isinstance(value, functools.partial):
        return (value.func, *value.args, *value.keywords.values())
    if isinstance(value, list | tuple | set | frozenset | deque):
        return islice(tuple(value), OF_A_CONTAINER_MAX)
    if type(value) is dict:
        return islice(tuple(value.values()), OF_A_CONTAINER_MAX)
    if isinstance(value, type | ModuleType):
        return ()
    return islice(tuple(own_state(value).values()), OF_A_CONTAINER_MAX)


def _of_function(function: FunctionType) -> Iterator[Any]:
    yield from (_content(cell) for cell in function.__closure__ or ())
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    names = _names(function.__code__)
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        yield value
        if isinstance(value, ModuleType):
            yield from (vars(value)[one] for one in names & vars(value).keys())
    wrapped = vars(function).get("__wrapped__")
    if wrapped is not None:
        yield wrapped


@functools.lru_cache(maxsize=1_024)
def _names(code: CodeType) -> frozenset[str]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return frozenset(code.co_names).union(*map(_names, inner))


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is not bound yet
        return None
