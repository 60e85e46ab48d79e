"""What HTTP clients raise: class and text; the request, the connection and the pool are the program's own."""

from __future__ import annotations

from typing import Any

from changeover.values.error_values import blank_error
from changeover.values.own_state import class_name, module_of, mro, own_state
from changeover.values.shapes import Reading, Shape, State

_ROOTS = frozenset({"aiohttp", "httpx", "requests", "urllib", "urllib3"})
_PLAIN = (str, bytes, int, float, bool, type(None), tuple, OSError)
_TEXT_OF_ARGUMENTS: tuple[Any, ...] = (BaseException.__str__, OSError.__str__)


def reading_for(cls: type) -> Reading | None:
    """The reading of a library's own exceptions; None for other classes, also for those derived elsewhere."""
    if BaseException not in mro(cls) or module_of(cls).partition(".")[0] not in _ROOTS:
        return None
    return Reading(Shape.ERROR, _parts, copied=_copied, make=_made)


def _parts(error: Any) -> State:
    return {"type": class_name(type(error)), "message": str(error)}


def _copied(error: Any) -> State:
    """What its text is made of: where the class writes it by itself, its arguments as well."""
    args = (str(error),) if type(error).__str__ in _TEXT_OF_ARGUMENTS else error.args
    state = {name: part for name, part in own_state(error).items() if _is_said(part)}
    parts = {"args": args, "state": state}
    if isinstance(error, OSError) and type(error).__str__ not in _TEXT_OF_ARGUMENTS:
        parts["members"] = {"errno": error.errno, "strerror": error.strerror}
    return parts


def _is_said(part: Any) -> bool:
    """Whether a text may be made of it, rather than that it was at hand: requests and pools are left out."""
    return isinstance(part, _PLAIN) or hasattr(type(part), "__attrs_attrs__")  # addresses of aiohttp


def _made(cls: Any, parts: State, _: State) -> Any:
    made: Any = blank_error(cls)
    made.args = parts["args"]
    vars(made).update(parts["state"])
    for name, part in parts.get("members", {}).items():
        setattr(made, name, part)
    return made
