"""Methods of a class that Python calls by a sign of its own: `with port:`, `port[key] = value`, `port()`."""

from __future__ import annotations

import builtins
import dis
import inspect
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType

SPECIAL = (
    *("__enter__", "__exit__", "__aenter__", "__aexit__", "__call__"),
    *("__getitem__", "__setitem__", "__delitem__", "__contains__"),
    *("__iter__", "__next__", "__aiter__", "__anext__"),
)
"""Those through which a port is used; what only says something of it (`len`, `bool`, `==`) is none."""
_WRITES = frozenset({"STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_GLOBAL"})
_ERRORS = frozenset(
    name
    for name, found in vars(builtins).items()
    if isinstance(found, type) and issubclass(found, BaseException)
)


def acting_specials(cls: type, methods: frozenset[str]) -> Iterator[str]:
    """Those that a class has and that may act by themselves.

    One that does no more than to call `methods` of the port, or to give back the port, is not: what it calls
    is a port call anyway.
    """
    for name in SPECIAL:
        function = inspect.getattr_static(cls, name, None)
        if isinstance(function, FunctionType) and not _only_calls(function.__code__, methods):
            yield name


@lru_cache(maxsize=1_024)
def _only_calls(code: CodeType, methods: frozenset[str]) -> bool:
    """Whether all names that the code uses are such methods, and it writes nowhere."""
    if code.co_freevars or any(isinstance(one, CodeType) for one in code.co_consts):
        return False
    names = methods | _ERRORS
    return names.issuperset(code.co_names) and _WRITES.isdisjoint(
        instruction.opname for instruction in dis.get_instructions(code)
    )
