"""The objects that a path reaches at once: by its closure, its defaults, and the names that it uses."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from changeover.values.made_functions import held_by
from changeover.values.own_state import is_a, own_state

LOOKED_AT_MAX = 500
DEPTH_MAX = 4
OF_A_CONTAINER_MAX = 50
_CONTAINERS = (list, tuple, set, frozenset, deque)


def reached_objects(begin: Iterable[Any], wanted: Callable[[type], bool]) -> Iterator[Any]:
    """Objects of wanted classes that these functions and values reach, within limits.

    Nothing of the program is asked: what is no function, container or object with attributes is not opened.
    """
    waiting = deque((one, 0) for one in begin)
    seen: set[int] = set()
    while waiting and len(seen) < LOOKED_AT_MAX:
        value, depth = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if wanted(type(value)):
            yield value
        if depth < DEPTH_MAX:
            waiting.extend((one, depth + 1) for one in _inside(value))


def _inside(value: Any) -> Iterable[Any]:
    cls = type(value)
    if cls is FunctionType:
        return _of_function(value)
    if cls is MethodType:
        return (value.__func__, value.__self__)
    if cls is functools.partial:
        return (value.func, *value.args, *value.keywords.values())
    if any(cls is one for one in _CONTAINERS):
        return islice(tuple(value), OF_A_CONTAINER_MAX)
    if cls is dict:
        return islice(tuple(value.values()), OF_A_CONTAINER_MAX)
    if is_a(value, type, ModuleType):
        return ()
    return islice(tuple(own_state(value).values()), OF_A_CONTAINER_MAX)


def _of_function(function: FunctionType) -> Iterator[Any]:
    yield from held_by(function)
    names = _names(function.__code__)
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        yield value
        if type(value) is ModuleType:
            yield from (vars(value)[one] for one in names & vars(value).keys())
    wrapped = vars(function).get("__wrapped__")
    if wrapped is not None:
        yield wrapped


@functools.lru_cache(maxsize=1_024)
def _names(code: CodeType) -> frozenset[str]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return frozenset(code.co_names).union(*map(_names, inner))
