"""What a path keeps between its calls outside of its arguments: in its module, its classes, its closure.

No replay has a copy of it: the path that is replayed meets what the answering one has left there.
"""

from __future__ import annotations

import functools
import random
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from changeover.record.class_state import ClassState
from changeover.values.atom_types import ATOMS
from changeover.values.copy_plan import is_atom_class
from changeover.values.own_state import has_state, module_of, mro, namespace, own_state

DEPTH_MAX = 10
FOLLOWED_MAX = 300
"""So many functions, classes and objects are looked at."""
_REMEMBERS = type(functools.lru_cache(lambda: None))
_CONTAINERS = (list, dict, set, deque, bytearray)
_OTHERS = (threading.local, random.Random, _REMEMBERS)
_WRITES = ("STORE_GLOBAL", "DELETE_GLOBAL")


def kept_outside(path: Callable[..., Any], holds: Callable[[Any], bool]) -> list[str]:
    """The names of what may be kept there, those of its own package; what `holds` is none of it."""
    return list(dict.fromkeys(_Search(path, holds)))


def are_one(path: Any, other: Any, depth: int = 0) -> bool:
    """Whether two functions are the same code, and have the same objects in their closures and defaults."""
    if path is other:
        return True
    if type(path) is not type(other) or depth > DEPTH_MAX:
        return False
    if type(path) in ATOMS:
        return bool(path == other)
    if isinstance(path, MethodType):
        return path.__self__ is other.__self__ and are_one(path.__func__, other.__func__, depth + 1)
    if isinstance(path, functools.partial):
        ours, theirs = ((one.func, *one.args, *one.keywords.values()) for one in (path, other))
        return path.keywords.keys() == other.keywords.keys() and _all_are_one(ours, theirs, depth)
    if not isinstance(path, FunctionType):
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


class _Search:
    def __init__(self, path: Callable[..., Any], holds: Callable[[Any], bool]) -> None:
        self._holds = holds
        self._seen: set[int] = set()
        self._waiting: deque[tuple[str, Any]] = deque([("", path)])
        self._package: str | None = None

    def __iter__(self) -> Iterator[str]:
        followed = 0
        while self._waiting and followed < FOLLOWED_MAX:
            name, value = self._waiting.popleft()
            if id(value) in self._seen:
                continue
            self._seen.add(id(value))
            followed += 1
            yield from self._inside(name, value)

    def _inside(self, name: str, value: Any) -> Iterator[str]:
        if isinstance(value, _REMEMBERS) and name:
            yield name
        if isinstance(value, functools.partial):
            self._waiting.append((name, value.func))
            self._waiting.extend((name, one) for one in (*value.args, *value.keywords.values()))
        elif isinstance(value, MethodType):
            self._waiting.append((name, value.__func__))
            self._waiting.append((name, type(value.__self__)))
        elif isinstance(value, FunctionType):
            yield from self._in_function(value)
        elif hasattr(value, "__wrapped__"):
            self._waiting.append((name, value.__wrapped__))
        elif isinstance(value, type):
            if self._is_own(value) and ClassState(value, self._holds):
                yield value.__qualname__
        elif not name:  # an object that is called
            self._waiting.append((name, getattr(type(value), "__call__", None)))  # noqa: B004

    def _in_function(self, function: FunctionType) -> Iterator[str]:
        if self._package is None:
            self._package = function.__module__.partition(".")[0] if function.__module__ else ""
        elif (function.__module__ or "").partition(".")[0] != self._package:
            return
        if any(not name.startswith("__") for name in vars(function)):
            yield function.__qualname__
        for cell_name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            yield from self._value(cell_name, _content(cell))
        names, written = _names(function.__code__)
        module = function.__globals__
        for name in names:
            if name in module:
                if name in written:
                    yield f"{function.__module__}.{name}"
                yield from self._value(f"{function.__module__}.{name}", module[name], names)

    def _value(self, name: str, value: Any, names: frozenset[str] = frozenset()) -> Iterator[str]:
        cls = type(value)
        if cls in ATOMS and not isinstance(value, type):
            return
        if isinstance(value, ModuleType):
            if self._is_of_package(value.__name__):
                for one in names & vars(value).keys():
                    yield from self._value(f"{value.__name__}.{one}", vars(value)[one])
        elif isinstance(value, FunctionType | MethodType | type | functools.partial | _REMEMBERS):
            self._waiting.append((name, value))
        elif isinstance(value, _CONTAINERS + _OTHERS) or hasattr(cls, "__next__"):
            yield name
        elif self._is_own(cls) and not is_atom_class(cls) and not self._holds(value):
            if has_state(cls) and own_state(value):
                yield name
            self._waiting.extend(
                (one, held)
                for base in mro(cls)
                if self._is_own(base)
                for one, held in list(namespace(base).items())
                if one in names and isinstance(held, FunctionType)
            )

    def _is_own(self, cls: type) -> bool:
        return self._is_of_package(module_of(cls))

    def _is_of_package(self, module: str) -> bool:
        return (
            self._package is not None and module.partition(".")[0] == self._package and module in sys.modules
        )


@functools.lru_cache(maxsize=1_024)
def _names(code: CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """What the code and the functions inside it name, and the global names that they bind."""
    import dis

    names = set(code.co_names)
    written = {str(step.argval) for step in dis.get_instructions(code) if step.opname in _WRITES}
    for one in code.co_consts:
        if isinstance(one, CodeType):
            inner, bound = _names(one)
            names |= inner
            written |= bound
    return frozenset(names), frozenset(written)


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is not bound yet
        return None
