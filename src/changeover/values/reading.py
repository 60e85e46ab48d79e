"""The one place that knows how a type is read: `reading_of(type)`, worked out once per type.

In this order: what a program registered itself (`changeover.reading`), for the class or its nearest base;
the reading of a library, from a module of its own that is imported when the first value of a class of that
library is met; scalars, exceptions, handles, containers; everything else by its attributes.

A module of a library stands in `changeover.values.libraries`, is named here under the first part of the names
of the library's modules (`LIBRARIES`), or under an attribute that the library leaves in classes of the
program (`MARKS`), and has one function `reading_for(cls) -> Reading | None`. It is asked about every class
that has a class of that library among its bases, and about nothing where the library was not imported by the
program. `changeover.values.shapes` says what a `Reading` is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from changeover.values.container_values import container_reading
from changeover.values.error_values import error_reading
from changeover.values.handles import handle_reading
from changeover.values.object_values import object_reading
from changeover.values.own_state import module_of, mro, namespace, own_state
from changeover.values.scalar_values import scalar_reading
from changeover.values.shapes import CONTENT, UNREADABLE, Handle, Reading, Shape
from changeover.values.standard_library_values import small_reading
from changeover.values.structure_values import structure_reading

__all__ = [
    "CONTENT",
    "UNREADABLE",
    "Handle",
    "Reading",
    "Shape",
    "own_state",
    "reading",
    "reading_of",
    "register",
    "remembered",
]

TYPES_REMEMBERED_MAX = 4_096
LIBRARIES: Mapping[str, str] = {
    "numpy": "numpy_values",
    "pandas": "pandas_values",
    "polars": "polars_values",
    "pyarrow": "pyarrow_values",
    "sqlite3": "sqlite_values",
    "sqlalchemy": "sqlalchemy_values",
    "psycopg": "database_errors",
    "psycopg2": "database_errors",
    "asyncpg": "asyncpg_values",
    "django": "django_values",
    "google": "protobuf_values",
    "msgspec": "msgspec_values",
    "pydantic": "pydantic_values",
    "pydantic_core": "pydantic_errors",
    "requests": "http_errors",
    "httpx": "http_errors",
    "urllib3": "http_errors",
    "aiohttp": "http_errors",
    "urllib": "http_errors",
    "attr": "attrs_values",
    "attrs": "attrs_values",
}
"""By the first part of the name of a module: the file in `libraries` that reads its classes."""

MARKS: Mapping[str, str] = {
    "__attrs_attrs__": "attrs_values",
    "__pydantic_fields__": "pydantic_values",
    "__sa_instrumentation__": "sqlalchemy_values",
    "_sa_class_manager": "sqlalchemy_values",
}
"""By an attribute of a class that a library has worked on, where no class of the library is a base."""

_registered: dict[type, Reading] = {}
READ_BY_THE_PROGRAM: set[type] = set()
"""Classes whose values are read by functions that are not the toolkit's own."""
_forgetting: list[Callable[[], None]] = []
_T = TypeVar("_T")


def remembered(find: Callable[[type], _T]) -> Callable[[type], _T]:
    """What is worked out of a reading, once per class, until another reading is registered."""
    found = lru_cache(TYPES_REMEMBERED_MAX)(find)
    _forgetting.append(found.cache_clear)
    return found


def reading(
    cls: type,
    *,
    parts: Callable[[Any], Any],
    make: Callable[[Any], Any] | None = None,
) -> None:
    """Say how values of a class of your own, and of classes derived from it, are read; at any time.

    Args:
        cls: the class.
        parts: is called with a value; gives what it consists of as a dict with texts as keys, a list or a
            tuple. It must not change anything, nor call a port.
        make: is called with such parts, copied or read from a file; gives an equal value. Without it values
            are made by the class's `__new__` and their own attributes.

    Example:
        changeover.reading(Money, parts=lambda money: {"amount": money.amount})
    """

    def known(value: Any) -> dict[Any, Any]:
        found = parts(value)
        return found if type(found) is dict else {CONTENT: found}

    def made(_cls: type, found: dict[Any, Any], _state: Any) -> Any:
        return make(found.get(CONTENT, found)) if make is not None else None

    READ_BY_THE_PROGRAM.add(cls)
    if make is None:
        register(cls, Reading(Shape.NAMES, known, copied=own_state))
    else:
        register(cls, Reading(Shape.NAMES, known, make=made))


def is_read_by_the_program(cls: type) -> bool:
    """Whether values of a class are read by a function of the program."""
    return any(base in READ_BY_THE_PROGRAM for base in mro(cls))


def register(cls: type, its_reading: Reading) -> None:
    """Let values of a class, and of classes derived from it, be read like this."""
    _registered[cls] = its_reading
    for forget in _forgetting:
        forget()


def _find(cls: type) -> Reading:
    bases = mro(cls)
    if _registered:
        for base in bases:
            if base in _registered:
                return _registered[base]
    return (
        _of_library(cls, bases)
        or scalar_reading(cls)
        or error_reading(cls)
        or handle_reading(cls)
        or structure_reading(cls)
        or container_reading(cls)
        or small_reading(cls)
        or object_reading(cls)
    )


def _of_library(cls: type, bases: tuple[type, ...]) -> Reading | None:
    asked: set[str] = set()
    for base in bases:
        root = module_of(base).partition(".")[0]
        if root in LIBRARIES and root in sys.modules:
            asked.add(LIBRARIES[root])
        asked.update(file for mark, file in MARKS.items() if mark in namespace(base))
    for file in sorted(asked):
        found = _module_reading(file, cls)
        if found is not None:
            return found
    return None


def _module_reading(file: str, cls: type) -> Reading | None:
    name = f"changeover.values.libraries.{file}"
    if find_spec(name) is None:
        return None
    found: Reading | None = import_module(name).reading_for(cls)
    return found


reading_of: Callable[[type], Reading] = remembered(_find)
"""The reading of a type."""
