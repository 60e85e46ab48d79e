"""What a call of something gives: a value at once, something to await, a stream of values, or a context."""

from __future__ import annotations

import ast
import textwrap
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache, partial
from inspect import (
    CO_COROUTINE,
    Signature,
    getattr_static,
    getsource,
    isasyncgenfunction,
    iscoroutinefunction,
    isgeneratorfunction,
    signature,
    unwrap,
)
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

from changeover.record.context import SESSION
from changeover.values.own_state import found_in

_MARK = "_is_coroutine_mark"  # of `inspect.markcoroutinefunction`, from Python 3.12 on
_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, type)


def is_async(function: Any) -> bool:
    """Whether a call has to be awaited; an object is asked for its `__call__`, a partial for its function."""
    if type(function) is FunctionType:
        if function.__code__.co_flags & CO_COROUTINE:
            return True
        return _MARK in function.__dict__ and iscoroutinefunction(function)
    return iscoroutinefunction(function) or iscoroutinefunction(_called(function))


def is_awaited(function: Any) -> bool:
    """Whether a call has to be awaited, also where a decorator knows nothing of that.

    It is known of one whose answers are all `return function(*args)`, where `function` is the async one.
    """
    if is_async(function):
        return True
    behind = vars(function).get("__wrapped__") if type(function) is FunctionType else None
    return behind is not None and is_awaited(behind) and _gives_back(function, behind)


def _gives_back(function: FunctionType, behind: Any) -> bool:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    try:
        names = {name for name, cell in cells if cell.cell_contents is behind}
    except ValueError:  # a cell that is still empty
        return False
    return bool(names) and _all_answers_are_calls_of(function.__code__, frozenset(names))


@lru_cache(maxsize=1_024)
def _all_answers_are_calls_of(code: CodeType, names: frozenset[str]) -> bool:
    token = SESSION.set(None)  # a file is read, which no path asked for
    try:
        tree = ast.parse(textwrap.dedent(getsource(code)))
    except (OSError, SyntaxError, ValueError, TypeError):
        return False
    finally:
        SESSION.reset(token)
    answers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return bool(answers) and all(
        isinstance(answer, ast.Call) and isinstance(answer.func, ast.Name) and answer.func.id in names
        for answer in answers
    )


def may_give_coroutine(function: Any) -> bool:
    """Whether a function that is not async itself seems to hand on what an async one gives.

    A decorator that knows nothing of async functions does so (`@wraps(send)` and `return send(*args)`), one
    that has the coroutine run does not.
    """
    if type(function) is not FunctionType or is_async(function):
        return False
    behind = unwrap(function)
    return behind is not function and is_async(behind) and _RUNNERS.isdisjoint(_names_in(function.__code__))


def _names_in(code: CodeType) -> frozenset[str]:
    inner = (_names_in(part) for part in code.co_consts if isinstance(part, CodeType))
    return frozenset(code.co_names).union(code.co_freevars, *inner)


_RUNNERS = frozenset(
    {
        *("run", "run_sync", "run_until_complete", "run_coroutine_threadsafe", "async_to_sync"),
        *("from_thread", "result", "start", "submit", "send"),
    }
)
"""What a function calls that waits for a coroutine, by the usual names."""


def signature_of(function: Any) -> Signature:
    """As `inspect.signature`, which asks an object whether it equals a class: a mock keeps that as a call.

    Raises TypeError or ValueError where nobody knows the parameters.
    """
    kind = type(function)
    if issubclass(kind, _FUNCTIONS) or found_in(kind, "__eq__") is object.__eq__:
        return signature(function)
    said = getattr_static(function, "__signature__", None)
    if isinstance(said, Signature):
        return said
    takes = signature(_called(function))
    return takes.replace(parameters=[*takes.parameters.values()][1:])


def is_stream(function: Any) -> bool:
    """Whether a call gives a generator, sync or async."""
    called = _called(function)
    return isgeneratorfunction(called) or isasyncgenfunction(called)


def opens_context(function: Any) -> bool:
    """Whether it is made by `@contextmanager` or `@asynccontextmanager`."""
    called = _called(function)
    return getattr(getattr(called, "__func__", called), "__code__", None) in _CONTEXT_CODES


def _called(function: Any) -> Any:
    """The function that a call runs."""
    while isinstance(function, partial):
        function = function.func
    if isinstance(function, _FUNCTIONS):
        return function
    return getattr(type(function), "__call__", None)  # noqa: B004  the function, whether it can be called or not


def _never() -> Any:
    yield


async def _never_async() -> Any:
    yield


# What the decorators return is one inner function of theirs, whatever they decorate.
_CONTEXT_CODES = (contextmanager(_never).__code__, asynccontextmanager(_never_async).__code__)
