"""What of a class Python calls by a sign of its own: `with port:`, `port[key] = value`, `port << event`."""

from __future__ import annotations

import builtins
import dis
import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType

from changeover.record.evident_acts import may_act

SPECIAL = (
    *("__enter__", "__exit__", "__aenter__", "__aexit__", "__call__"),
    *("__getitem__", "__setitem__", "__delitem__", "__contains__"),
    *("__iter__", "__next__", "__aiter__", "__anext__"),
)
"""Those through which a port is used."""
_SIGNS = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("lshift", "rshift", "and", "or", "xor"),
)
OPERATORS = (
    *(f"__{kind}{sign}__" for sign in _SIGNS for kind in ("", "r", "i")),
    *("__neg__", "__pos__", "__invert__", "__len__", "__bool__", "__reversed__", "__await__"),
)
"""Those that mostly look, or make another value, and now and then act: `bus << event`, `len(queue)`.

What only says something of the port (`==`, `hash`, texts) is none.
"""
SETS, DELETES = ".__set__", ".__delete__"
"""What the calls of a property are named by that sets or deletes: `level.__set__`."""
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
    for name in OPERATORS:
        function = inspect.getattr_static(cls, name, None)
        if isinstance(function, FunctionType) and _is_of_the_program(function) and may_act(function, methods):
            yield name


def acting_setters(cls: type, methods: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The properties of a class that do more than to keep what they are given, or to forget it."""
    for name in dir(cls):
        static = None if name.startswith("_") else inspect.getattr_static(cls, name, None)
        if not isinstance(static, property):
            continue
        for kind, function in ((SETS, static.fset), (DELETES, static.fdel)):
            if isinstance(function, FunctionType) and may_act(function, methods, may_set=True):
                yield name, kind


def _is_of_the_program(function: FunctionType) -> bool:
    """The standard library has operators that make another value (`Path / name`)."""
    return function.__module__.partition(".")[0] not in sys.stdlib_module_names


@lru_cache(maxsize=1_024)
def _only_calls(code: CodeType, methods: frozenset[str]) -> bool:
    """Whether all names that the code uses are such methods, and it writes nowhere."""
    if code.co_freevars or any(isinstance(one, CodeType) for one in code.co_consts):
        return False
    names = methods | _ERRORS
    return names.issuperset(code.co_names) and _WRITES.isdisjoint(
        instruction.opname for instruction in dis.get_instructions(code)
    )
