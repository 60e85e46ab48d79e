"""What databases raise: class and text; results, connections and cursors are the program's own.

Of an error of SQLAlchemy the statement is no part: two paths that meet the same refusal with other statements
met the same.
"""

from __future__ import annotations

from typing import Any

from changeover.values.error_values import blank_error
from changeover.values.own_state import class_name, module_of, mro, own_state
from changeover.values.shapes import Reading, Shape, State

_ROOTS = frozenset({"sqlalchemy", "psycopg", "psycopg2", "asyncpg"})
_PLAIN = (str, bytes, int, float, bool, type(None), tuple, list, dict)
_IN_C = ("pgerror", "pgcode")
_INFO = "_info"
"""Where psycopg keeps what the server said, as libpq has it."""
_INNER = "orig"
"""Where SQLAlchemy keeps what the driver raised."""


def reading_for(cls: type) -> Reading | None:
    """The reading of a library's own exceptions; None for other classes, also for those derived elsewhere."""
    if BaseException not in mro(cls) or module_of(cls).partition(".")[0] not in _ROOTS:
        return None
    return Reading(Shape.ERROR, _parts, copied=_copied, make=_made)


def _parts(error: Any) -> State:
    inner = getattr(error, _INNER, None)
    text = str(error) if inner is None else f"({class_name(type(inner))}) {inner}"
    return {"type": class_name(type(error)), "message": text}


def _copied(error: Any) -> State:
    state = {name: part for name, part in own_state(error).items() if isinstance(part, _PLAIN)}
    inner = getattr(error, _INNER, None)
    if hasattr(own_state(error).get(_INFO), "error_field"):
        state[_INFO] = _said_by_server(own_state(error)[_INFO])
    elif class_root(type(error)) == "psycopg":
        state.setdefault(_INFO, None)
    kept = {name: getattr(error, name) for name in _IN_C if isinstance(getattr(error, name, None), str)}
    return {
        "in_c": kept if is_kept_in_c(type(error)) else None,
        "args": tuple(part for part in error.args if isinstance(part, _PLAIN)),
        "state": state,
        "inner": inner if isinstance(inner, BaseException) else None,
    }


def _said_by_server(result: Any) -> State:
    """As psycopg itself keeps it where an error leaves its process."""
    from psycopg.pq import DiagnosticField

    return {field: result.error_field(field) for field in DiagnosticField}


def class_root(cls: type) -> str:
    """The library that an error is of, also one that a program has derived from it."""
    roots = (module_of(base).partition(".")[0] for base in mro(cls))
    return next((root for root in roots if root in _ROOTS), "")


def is_kept_in_c(cls: type) -> bool:
    """Whether psycopg2 raised it."""
    return any(module_of(base).partition(".")[0] == "psycopg2" for base in mro(cls))


def _made(cls: Any, parts: State, _: State) -> Any:
    if parts["in_c"] is not None:  # psycopg2 keeps them in C, and takes them back as pickle gives them
        made: Any = cls.__new__(cls)
        made.__setstate__(parts["in_c"])
    else:
        made = blank_error(cls)
    made.args = parts["args"]
    vars(made).update(parts["state"])
    if parts["inner"] is not None:
        vars(made)[_INNER] = parts["inner"]
    return made
