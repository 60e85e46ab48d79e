"""A value as it is now: deeply immutable parts are shared, everything else is copied once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from operator import is_
from pathlib import PurePath
from re import Pattern
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

DEPTH_MAX = 100
ITEMS_MAX = 1_000_000
_ATOMS: set[type] = {
    *(type(None), bool, int, float, complex, str, bytes, range, type(...), type(NotImplemented)),
    *(Decimal, Fraction, datetime, date, time, timedelta, timezone, ZoneInfo, UUID, Pattern),
    *(type, FunctionType, BuiltinFunctionType, ModuleType),
}
_SHARED_BASES = (Enum, PurePath, type)
_KINDS_MAX = 10_000


class SnapshotError(Exception):
    """The value cannot be kept: it is none (a lock, a stream, a generator), or too deep, or too large."""


def snapshot(value: Any) -> Any:
    """The value itself where nothing in it can change, else a copy; raises SnapshotError."""
    cls = type(value)
    if cls in _ATOMS:
        return value
    if cls is tuple:  # arguments of most calls; saves the machinery
        for item in value:
            if type(item) not in _ATOMS:
                break
        else:
            return value
    try:
        return _Copier().copied(value, 0)
    except SnapshotError:
        raise
    except RecursionError:
        raise SnapshotError(f"{type(value).__name__} is nested too deeply") from None
    except Exception as error:  # a foreign __deepcopy__ may raise anything
        raise SnapshotError(f"{type(value).__name__} cannot be copied: {error}") from error


def field_names(value: Any) -> tuple[str, ...] | None:
    """The names under which a dataclass, a model or a plain object keeps its values, else None."""
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(field.name for field in fields(value))
    model = getattr(type(value), "__pydantic_fields__", None)
    if isinstance(model, dict):
        return (*model, *(getattr(value, "__pydantic_extra__", None) or ()))
    state = getattr(value, "__dict__", None)
    if type(state) is dict:
        return tuple(state)
    slots = [getattr(cls, "__slots__", ()) for cls in type(value).__mro__]
    names = [name for slot in slots for name in ((slot,) if isinstance(slot, str) else slot)]
    return tuple(name for name in names if hasattr(value, name)) if names else None


def _find_kind(cls: type) -> str:
    if cls in _ATOMS or issubclass(cls, _SHARED_BASES):
        return "shared"
    if cls in (tuple, list, dict, set, frozenset):
        return cls.__name__
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return "named"
    params = getattr(cls, "__dataclass_params__", None)
    if params is not None and params.frozen and "__deepcopy__" not in cls.__dict__:
        return "frozen"
    config = getattr(cls, "model_config", None)
    if isinstance(config, dict) and config.get("frozen") and hasattr(cls, "__pydantic_fields__"):
        return "frozen"
    return "error" if issubclass(cls, BaseException) else "foreign"


kind_of: Callable[[type], str] = lru_cache(_KINDS_MAX)(_find_kind)  # bounded: classes are made at run time
"""How a class is copied; `shared` is not copied at all."""


class _Copier:
    """One copy operation: what was met twice is copied once, as `deepcopy` does."""

    __slots__ = ("items", "memo")

    def __init__(self) -> None:
        self.memo: dict[int, Any] = {}
        self.items = 0

    def copied(self, value: Any, depth: int) -> Any:
        cls = type(value)
        if cls in _ATOMS:
            return value
        kind = kind_of(cls)
        if kind == "shared":
            return value
        known = self.memo.get(id(value), self)
        if known is not self:
            return known
        self.items += 1
        if depth > DEPTH_MAX or self.items > ITEMS_MAX:
            limit = f"{DEPTH_MAX} levels" if depth > DEPTH_MAX else f"{ITEMS_MAX} items"
            raise SnapshotError(f"{cls.__name__} goes beyond {limit}")
        found = getattr(self, f"_{kind}")(value, depth + 1)
        self.memo[id(value)] = found
        if found is not value:
            self.memo.setdefault(id(self.memo), []).append(value)  # keeps ids valid, as deepcopy's memo does
        return found

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        made: list[Any] = []
        self.memo[id(value)] = made
        self._count(value)
        made.extend(self.copied(item, depth) for item in value)
        return made

    def _dict(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        self.memo[id(value)] = made
        self._count(value)
        for key, item in value.items():
            made[self.copied(key, depth)] = self.copied(item, depth)
        return made

    def _set(self, value: set[Any], depth: int) -> set[Any]:
        self._count(value)
        return {self.copied(item, depth) for item in value}

    def _tuple(self, value: tuple[Any, ...], depth: int) -> tuple[Any, ...]:
        self._count(value)
        items = [self.copied(item, depth) for item in value]
        return value if all(map(is_, items, value)) else tuple(items)

    def _frozenset(self, value: frozenset[Any], depth: int) -> frozenset[Any]:
        self._count(value)
        items = [self.copied(item, depth) for item in value]
        return value if all(map(is_, items, value)) else frozenset(items)

    def _named(self, value: Any, depth: int) -> Any:
        items = [self.copied(item, depth) for item in value]
        return value if all(map(is_, items, value)) else type(value)._make(items)

    def _frozen(self, value: Any, depth: int) -> Any:
        names = field_names(value) or ()
        state = [getattr(value, name, None) for name in names]
        if all(map(is_, [self.copied(item, depth) for item in state], state)):
            return value
        return copy.deepcopy(value, self.memo)

    def _error(self, value: BaseException, depth: int) -> BaseException:
        return copied_error(value, self, depth)

    def _foreign(self, value: Any, depth: int) -> Any:
        return copy.deepcopy(value, self.memo)

    def _count(self, value: Any) -> None:
        self.items += len(value)
        if self.items > ITEMS_MAX:
            raise SnapshotError(f"{type(value).__name__} goes beyond {ITEMS_MAX} items")


def copied_error(error: BaseException, copier: _Copier | None = None, depth: int = 0) -> BaseException:
    """A new exception of the same class, arguments and attributes, without traceback and cause.

    The class's own `__init__` is not called: it may take other arguments than it hands on.
    """
    copier = copier or _Copier()
    cls = type(error)
    if cls.__module__ == "builtins" and not issubclass(cls, BaseExceptionGroup):
        made: BaseException = copy.copy(error)
        made.args = copier.copied(error.args, depth)
    else:
        # OSError keeps its file name outside args, and gives all of it to whoever pickles it
        reduced = error.__reduce__() if isinstance(error, OSError) else None
        args = reduced[1] if isinstance(reduced, tuple) and isinstance(reduced[1], tuple) else error.args
        made = cls.__new__(cls, *copier.copied(args, depth))
        if not isinstance(error, BaseExceptionGroup):
            made.args = copier.copied(error.args, depth)
    for name, item in vars(error).items():
        made.__dict__[name] = copier.copied(item, depth)
    return made
