"""The reading of exceptions: type, message, arguments, attributes, members of a group, cause and notes.

The message is worked out from the arguments as CPython does it; a `__str__` of the program is never asked.
"""

from __future__ import annotations

from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from changeover.values.own_state import (
    by_class,
    class_name,
    layout_base,
    mro,
    namespace,
    own_state,
    set_state,
)
from changeover.values.shapes import Reading, Shape, State

_ARGS = BaseException.__dict__["args"]
_CAUSE = BaseException.__dict__["__cause__"]
_MEMBERS = BaseExceptionGroup.__dict__["exceptions"]
_PLAIN = frozenset({str, int, bytes, float, bool, type(None)})
_LEFT_OUT = frozenset({"exceptions", "obj"})
"""Members of a group are read as such; the object that an attribute was not found on is not read."""
_TOLD = frozenset({SyntaxError, ImportError, BaseExceptionGroup})
"""Errors whose message leaves out what they keep in C."""
_NAMED = {
    AttributeError: "name",
    NameError: "name",
    BlockingIOError: "characters_written",
    UnicodeDecodeError: "object",
    UnicodeEncodeError: "object",
    UnicodeTranslateError: "object",
}
"""The one thing that a message leaves out of others."""
_COUNTED = frozenset(_NAMED.values())
ARGS, MEMBERS, CAUSE = "args", "exceptions", "__cause__"


@by_class
def _kept_in_c(cls: type) -> tuple[tuple[str, Any], ...]:
    """What exceptions of a class keep in C: errno and file name of an OSError, the code of a SystemExit."""
    found: dict[str, Any] = {}
    for base in mro(cls):
        if layout_base(base) is base and base is not object and base is not BaseException:
            for name, member in namespace(base).items():
                is_kept = type(member) is MemberDescriptorType and name not in _LEFT_OUT
                if is_kept or (type(member) is GetSetDescriptorType and name in _COUNTED):
                    found.setdefault(name, member)
    return tuple(found.items())


def _says_all(args: tuple[Any, ...]) -> bool:
    """Whether a message leaves nothing of the arguments out, so that they would be a second difference."""
    return len(args) > 1 or (len(args) == 1 and type(args[0]) is str)


def _state(error: BaseException) -> State:
    state = own_state(error)
    for name, member in _kept_in_c(type(error)):
        try:
            part = member.__get__(error)
        except AttributeError:
            continue
        if part is not None:
            state[name] = part
    return state


def message_from_args(error: BaseException) -> str | None:
    """What CPython itself prints for an error with these arguments; None where that takes foreign code."""
    args = _ARGS.__get__(error)
    if not all(type(one) in _PLAIN for one in args):
        return None
    base = layout_base(type(error))
    if base.__module__ != "builtins":
        base = BaseException
    if base is BaseException and KeyError in mro(type(error)):
        base = KeyError
    write: Any = base.__str__
    return str(write(error))


def error_parts(error: BaseException) -> dict[str, Any]:
    """Names and parts of an exception."""
    cls = type(error)
    message, args = message_from_args(error), _ARGS.__get__(error)
    names: dict[str, Any] = {"type": class_name(cls)}
    if message is not None:
        names["message"] = message
    if message is None or not _says_all(args):
        names[ARGS] = args
    bases = mro(cls)
    whole = message is None or not _TOLD.isdisjoint(bases)
    for name, part in (_state(error) if whole else own_state(error)).items():
        names.setdefault(name, part)
    for base, name in () if whole else _NAMED.items():
        part = _state(error).get(name) if base in bases else None
        if part is not None:
            names.setdefault(name, part)
    if BaseExceptionGroup in mro(cls):
        names[MEMBERS] = _MEMBERS.__get__(error)
    cause = _CAUSE.__get__(error)
    if cause is not None:
        names[CAUSE] = cause
    return names


def _copied(error: BaseException) -> dict[str, Any]:
    """What an exception is made again from; traceback and context belong to one raise of it."""
    parts = {ARGS: _ARGS.__get__(error), "state": own_state(error), CAUSE: _CAUSE.__get__(error)}
    parts["members"] = {name: part for name, part in _state(error).items() if name not in parts["state"]}
    if BaseExceptionGroup in mro(type(error)):
        parts[MEMBERS] = _MEMBERS.__get__(error)
        parts["message"] = BaseExceptionGroup.__dict__["message"].__get__(error)
    return parts


def blank_error(cls: type) -> BaseException:
    """An exception of a class that is no group, without anything in it; no method of the class is called."""
    base: Any = layout_base(cls)
    if base.__module__ != "builtins":
        raise TypeError(f"{class_name(cls)} keeps its content in C")
    made: BaseException = base.__new__(cls)
    return made


def fill_error(made: BaseException, parts: dict[str, Any]) -> None:
    """Give an exception what another one is made of."""
    for name, member in _kept_in_c(type(made)):
        if name in parts["members"]:
            member.__set__(made, parts["members"][name])
    _ARGS.__set__(made, parts[ARGS])
    set_state(made, parts["state"])
    if parts[CAUSE] is not None:
        made.__cause__ = parts[CAUSE]


def make_error(cls: type, parts: dict[str, Any], _: State) -> BaseException:
    """An exception from what another one is made of."""
    if MEMBERS in parts:
        made: BaseException = BaseExceptionGroup.__new__(cls, parts["message"], list(parts[MEMBERS]))
        parts = {**parts, "members": {}}
    else:
        made = blank_error(cls)
    fill_error(made, parts)
    return made


def error_reading(cls: type) -> Reading | None:
    """The reading of a class of exceptions, None for any other class."""
    if BaseException not in mro(cls):
        return None
    return Reading(Shape.ERROR, error_parts, copied=_copied, make=make_error)
