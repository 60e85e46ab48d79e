"""What a path brings with it: the object of a bound method, a callable object, what a partial was given.

A replay may change none of it, so that it runs the same path over copies.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from changeover.values.copy_plan import is_atom
from changeover.values.own_state import has_state, is_a

_CACHED: Any = type(lru_cache(lambda: None))
_BY_NAME = (type, ModuleType, FunctionType)


def objects_of(path: Any) -> tuple[Any, ...]:
    """The objects of the program that are bound to a path, outermost last; empty for a plain function."""
    kind = type(path)
    if kind is MethodType:
        return (path.__self__,) if _is_object(path.__self__) else ()
    if kind is partial:
        given = (*path.args, *path.keywords.values())
        return (*objects_of(path.func), *filter(_is_object, given))
    if kind is _CACHED:
        return objects_of(path.__wrapped__)
    return (path,) if _is_callable_object(path) else ()


def rebound(path: Any, objects: Sequence[Any]) -> Callable[..., Any]:
    """The same path over other objects: as many, in the order of `objects_of`."""
    made: Callable[..., Any] = _rebound(path, iter(objects))
    return made


def _rebound(path: Any, objects: Iterator[Any]) -> Any:
    kind = type(path)
    if kind is MethodType:
        return MethodType(path.__func__, next(objects)) if _is_object(path.__self__) else path
    if kind is partial:
        function = _rebound(path.func, objects)
        args = [next(objects) if _is_object(one) else one for one in path.args]
        keywords = {name: next(objects) if _is_object(one) else one for name, one in path.keywords.items()}
        return partial(function, *args, **keywords)
    if kind is _CACHED:
        return lru_cache(**path.cache_parameters())(_rebound(path.__wrapped__, objects))
    return next(objects) if _is_callable_object(path) else path


def _is_object(value: Any) -> bool:
    return not is_atom(value) and not is_a(value, *_BY_NAME)


def _is_callable_object(path: Any) -> bool:
    """An instance of a class of the program; wrappers in C are no objects with a state."""
    cls = type(path)
    called = inspect.getattr_static(cls, "__call__", None)
    return not isinstance(path, _BY_NAME) and isinstance(called, FunctionType) and has_state(cls)
