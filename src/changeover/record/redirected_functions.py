"""A function that somebody took before it was instrumented is instrumented where it is: in its own code.

`held = broker.submit`, a table of functions, or a callback keep the original function. It gets other code,
which asks the hook; what it did before goes on in a twin of it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

_MARKER = "changeover: the instrumented function"
# The names of the closure stand after the return: they are cells of the code, and nothing reads them.
_SOURCE = """
def around({cells}):
    {keyword}def call(*args, **kwargs):
        hooked = {marker!r}
        return {awaited}hooked(*args, **kwargs)
        ({cells})
"""


def twin_of(function: FunctionType) -> FunctionType:
    """The same function once more, which keeps doing what the first one does."""
    code, cells = function.__code__, function.__closure__
    twin = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, cells)
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__dict__.update(function.__dict__)
    twin.__annotations__ = function.__annotations__
    twin.__doc__, twin.__module__ = function.__doc__, function.__module__
    twin.__qualname__ = function.__qualname__
    return twin


def redirect(function: FunctionType, hooked: Callable[..., Any], *, is_async: bool) -> bool:
    """Let whoever holds the function call `hooked` instead; False where its code cannot be replaced."""
    before = function.__code__
    source = _SOURCE.format(
        cells=", ".join(before.co_freevars),
        keyword="async " if is_async else "",
        awaited="await " if is_async else "",
        marker=_MARKER,
    )
    try:
        code = _inner(_inner(compile(source, before.co_filename, "exec")))
        constants = tuple(hooked if one == _MARKER else one for one in code.co_consts)
        function.__code__ = code.replace(
            co_consts=constants,
            co_name=before.co_name,
            co_qualname=before.co_qualname,
            co_firstlineno=before.co_firstlineno,
            co_freevars=before.co_freevars,
        )
    except (AttributeError, StopIteration, SyntaxError, TypeError, ValueError):
        return False
    return True


def _inner(code: CodeType) -> CodeType:
    return next(one for one in code.co_consts if isinstance(one, CodeType))
