"""Functions that stand nowhere under their name, as a path makes them: they are code and what they hold.

Where the code was written, and the name that it was given there, are no part of it.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

_CODES_REMEMBERED_MAX = 4_096


class _NotFilled:
    """In place of what a closure does not hold yet."""


class _Itself:
    """In place of the function in its own closure: one that calls itself."""


@lru_cache(_CODES_REMEMBERED_MAX)
def _bare(code: CodeType) -> CodeType:
    """The code without names and lines of where it stands."""
    constants = tuple(_bare(one) if type(one) is CodeType else one for one in code.co_consts)
    return code.replace(
        co_name="", co_qualname="", co_filename="", co_firstlineno=1, co_linetable=b"", co_consts=constants
    )


def code_key(function: FunctionType) -> Hashable:
    """What functions share that do the same with the same things: code, and where it finds names."""
    bare = _bare(function.__code__)
    return bare, function.__code__.co_freevars, id(function.__globals__) if bare.co_names else None


def function_text(function: FunctionType) -> str:
    """The same as one text: two are equal where the keys are."""
    bare = _bare(function.__code__)
    names = id(function.__globals__) if bare.co_names else None
    return f"function {_code_text(bare)} {names}"


def _code_text(code: CodeType) -> str:
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    exceptions = code.co_exceptiontable
    return f"{counts}{names}{code.co_code.hex()}{exceptions.hex()}{constant_text(code.co_consts)}"


def constant_text(constant: object) -> str:
    """A constant of code as text, the same in every process."""
    if isinstance(constant, CodeType):
        return _code_text(constant)
    if isinstance(constant, tuple | frozenset):
        texts = [*map(constant_text, constant)]
        if isinstance(constant, frozenset):
            texts.sort()
        return f"{type(constant).__name__}({','.join(texts)})"
    return repr(constant)


def held_by(function: FunctionType) -> list[Any]:
    """Its defaults, attributes and what its closure holds, in the order in which the code has them."""
    cells: list[Any] = []
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
            cells.append(_Itself if held is function else held)
        except ValueError:
            cells.append(_NotFilled)
    return [function.__defaults__, function.__kwdefaults__, function.__dict__, *cells]


def short_name(function: FunctionType) -> str:
    """Its name without the functions that it was made in."""
    return function.__qualname__.rpartition(".<locals>.")[2]
