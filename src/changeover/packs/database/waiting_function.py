"""A function that waits for the commit of a caller: nobody calls it here, so what it is and holds tells it.

Two functions do the same where their code is the same, names of other things lead to the same things, and
what they hold is equal. The function of an old path and that of a new one are often written alike, such as
`lambda: send.delay(order.id)`, or are one function with arguments (`functools.partial`).
"""

from __future__ import annotations

import datetime
import enum
import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from changeover.values.made_functions import constant_text, held_by
from changeover.values.own_state import is_a, layout_base, own_state

DEPTH_MAX = 8
PARTS_MAX = 500
OBJECT = "object"
"""Under which the class of an object stands that can change; what it held stands beside that."""
_PLAIN = frozenset(
    (
        *(type(None), bool, int, float, complex, str, bytes, Decimal, UUID),
        *(datetime.date, datetime.timedelta, datetime.timezone, ZoneInfo),
    )
)
"""Values of exactly these types are told by themselves: a derived class may have operators of its own."""
_MOMENTS = frozenset({datetime.datetime, datetime.time})
_LEFT_OUT = frozenset({"_state", "_sa_instance_state", "_prefetched_objects_cache"})
"""Attributes of rows by which a library knows where they come from."""


class _Unknown(Exception):
    """There is something in it of which nobody can say whether it is the same."""


def described(functions: Iterable[Callable[..., Any]]) -> list[dict[str, Any] | None]:
    """Each function in values: what it `does`, and what it `holds`; None where that cannot be said."""
    return [_one(function) for function in functions]


def is_unclear(ones: list[Any], others: list[Any], *, ids_differ: bool = False) -> bool:
    """Whether nobody can say that these functions do the same, or that they do something else.

    Args:
        ones: functions of one path, as `described` gives them.
        others: those of the other path.
        ids_differ: whether the database gives other ids to the rows of the one than to those of the other.
    """
    if None in ones or None in others or [one["does"] for one in ones] != [other["does"] for other in others]:
        return True
    pairs = zip(ones, others, strict=True)
    return any(_is_unclear(one["holds"], other["holds"], ids_differ) for one, other in pairs)


def _is_unclear(one: Any, other: Any, ids_differ: bool) -> bool:
    if one == other:
        return False
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return any(_is_unclear(*pair, ids_differ) for pair in zip(one, other, strict=True))
    # What can change may have changed since; another text is another call.
    is_plain = not any(isinstance(value, list | dict) for value in (one, other))
    return not is_plain or (ids_differ and all(isinstance(value, int | UUID) for value in (one, other)))


def described_values(value: Any) -> Any:
    """A value in plain ones; raises ValueError where that cannot be done."""
    try:
        return _Description().of(value)
    except _Unknown as unknown:
        raise ValueError(str(unknown)) from None


def _one(function: Callable[..., Any]) -> dict[str, Any] | None:
    try:
        does, holds = _Description().of_function(function)
    except _Unknown:
        return None
    return {"does": does, "holds": holds}


class _Description:
    """Of one function, within limits."""

    def __init__(self) -> None:
        self._parts = 0
        self._around: set[int] = set()

    def of_function(self, function: Any) -> tuple[str, Any]:
        """What it does, and what it holds; raises _Unknown."""
        if is_a(function, partial):
            does, holds = self.of_function(function.func)
            named = tuple(sorted(function.keywords.items()))
            return f"partial {does}", [holds, self.of(function.args), self.of(named)]
        if is_a(function, MethodType):
            does, holds = self.of_function(function.__func__)
            return f"method {does}", [holds, self.of(function.__self__)]
        if is_a(function, BuiltinFunctionType):
            owner = function.__self__
            bound = None if owner is None or is_a(owner, ModuleType) else self.of(owner)
            return f"{type(owner).__qualname__}.{function.__qualname__}", bound
        if is_a(function, FunctionType):
            return self._code(function), self.of(tuple(held_by(function)))
        raise _Unknown(type(function).__qualname__)

    def of(self, value: Any) -> Any:
        """A value in plain ones."""
        self._parts += 1
        kind = type(value)
        if kind in _PLAIN or (kind in _MOMENTS and type(value.tzinfo) in _PLAIN):
            return value
        if issubclass(kind, type | ModuleType):
            return _name_of(value)
        if issubclass(kind, enum.Enum):
            return f"{_name_of(kind)}.{own_state(value).get('_name_')}"
        if self._parts > PARTS_MAX or len(self._around) > DEPTH_MAX or id(value) in self._around:
            raise _Unknown("too much")
        self._around.add(id(value))
        try:
            return self._inside(value)
        finally:
            self._around.discard(id(value))

    def _inside(self, value: Any) -> Any:
        kind = type(value)
        if kind is tuple:
            return [self.of(one) for one in value]
        if kind is list:
            return {OBJECT: "list", "holds": [self.of(one) for one in value]}
        if kind in (set, frozenset):
            return {OBJECT: "set", "holds": sorted((self.of(one) for one in value), key=repr)}
        if kind is dict:
            return {OBJECT: "dict", "holds": [[self.of(name), self.of(one)] for name, one in value.items()]}
        if is_a(value, partial, MethodType, BuiltinFunctionType, FunctionType):
            does, holds = self.of_function(value)
            return {"function": does, "holds": holds}
        if kind.__flags__ & _MADE_IN_PYTHON == 0 or layout_base(kind) is not object:
            raise _Unknown(kind.__qualname__)
        known = {name: self.of(one) for name, one in own_state(value).items() if name not in _LEFT_OUT}
        return {OBJECT: _name_of(kind), "holds": known}

    def _code(self, function: FunctionType) -> str:
        digest = hashlib.sha256()
        for part in _parts_of_code(function.__code__, function.__globals__):
            digest.update(part.encode() + b"\0")
        return digest.hexdigest()[:16]


_MADE_IN_PYTHON = 1 << 9
"""Of classes that Python code has made: Py_TPFLAGS_HEAPTYPE."""


def _parts_of_code(code: CodeType, names: dict[str, Any]) -> Iterable[str]:
    """What the code does, without where it stands and what its own variables are called."""
    yield f"{code.co_code.hex()} {code.co_exceptiontable.hex()}"
    yield f"{code.co_argcount} {code.co_kwonlyargcount} {code.co_flags}"
    for name in code.co_names:
        yield name
        if name in names:
            yield _what_it_leads_to(names[name], names.get("__name__"), name)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts_of_code(constant, names)
        else:
            yield f"{type(constant).__name__} {constant_text(constant)}"


def _what_it_leads_to(value: Any, module: Any, name: str) -> str:
    """A function, class or module by its own name; anything else by where it stands."""
    if is_a(value, type, ModuleType, FunctionType, BuiltinFunctionType):
        return _name_of(value)
    return f"{module}.{name}"


def _name_of(value: Any) -> str:
    if is_a(value, ModuleType):
        return str(value.__name__)
    return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
