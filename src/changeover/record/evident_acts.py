"""What the code of an operator or setter shows: that it may act, and not only look, or make another value.

Nothing is run, and no source is needed.
"""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

_SETS = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_WRITES = frozenset({"STORE_SUBSCR", "DELETE_SUBSCR", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF"})
_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_MAKES_VALUES = frozenset(
    {"dataclasses", "copy", "_operator", "operator", "functools", "itertools", "math", "attr", "attr._funcs"}
)
"""Modules whose functions only make values."""
_MAKE_TEXTS = frozenset(
    {
        *("join", "format", "strip", "lstrip", "rstrip", "lower", "upper", "encode", "decode"),
        *("removeprefix", "removesuffix", "startswith", "endswith", "copy", "keys", "values", "items"),
    }
)
_ACTING_BUILTINS = frozenset(
    {"print", "open", "input", "exec", "eval", "setattr", "delattr", "next", "__import__", "breakpoint"}
)


def may_act(function: FunctionType, methods: frozenset[str], *, may_set: bool = False) -> bool:
    """Whether it writes somewhere, or calls more than `methods` of its object and what makes values.

    With `may_set`, setting an attribute is nothing.
    """
    found = _shown(function.__code__)
    if found.keys() & _WRITES or (not may_set and found.keys() & _SETS):
        return True
    called = found.get(_CALLED, frozenset()) - methods - _MAKE_TEXTS
    return bool(called) or any(_acts(function, name) for name in found.get(_GLOBAL, ()))


_CALLED, _GLOBAL = "called", "global"


@lru_cache(maxsize=1_024)
def _shown(code: CodeType) -> dict[str, frozenset[str]]:
    """What the instructions of a function, and of those within it, are; names by what is done with them."""
    found: dict[str, set[str]] = {}
    for one in _instructions(code):
        name = str(one.argval)
        if one.opname == "LOAD_METHOD" or (one.opname == "LOAD_ATTR" and _is_for_a_call(one)):
            found.setdefault(_CALLED, set()).add(name)
        elif one.opname in _LOADS:
            found.setdefault(_GLOBAL, set()).add(name)
        elif one.opname in _SETS or one.opname in _WRITES:
            found.setdefault(one.opname, set())
    return {kind: frozenset(names) for kind, names in found.items()}


def _is_for_a_call(one: dis.Instruction) -> bool:
    """From Python 3.12 on one instruction loads what is called and what is only looked at."""
    return "LOAD_METHOD" not in dis.opmap and bool((one.arg or 0) & 1)


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    yield from dis.get_instructions(code)
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _instructions(part)


def _acts(function: FunctionType, name: str) -> bool:
    """Whether a global name stands for a function that may act when it is called."""
    value: Any = function.__globals__.get(name, vars(builtins).get(name))
    if isinstance(value, BuiltinFunctionType):
        return name in _ACTING_BUILTINS or value.__module__ not in (*_MAKES_VALUES, "builtins")
    if value is None or isinstance(value, type | ModuleType):
        return False
    return callable(value) and getattr(value, "__module__", None) not in _MAKES_VALUES
