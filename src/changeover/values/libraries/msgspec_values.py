"""Structs of msgspec: their fields; a `__post_init__` of the program is not called for a copy."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from changeover.values.own_state import CLASSES_REMEMBERED_MAX, dict_of, found_in, mro, namespace
from changeover.values.shapes import Handle, Reading, Shape, State


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of structs; None for other classes."""
    if cls is type(msgspec.UNSET):
        return Reading(
            Shape.SCALAR,
            lambda _: "msgspec.UNSET",
            scalar=Handle,
            copied=lambda _: {},
            make=lambda *_: msgspec.UNSET,
            is_atom=True,
        )
    if msgspec.Struct not in mro(cls):
        return None
    members = {name: found_in(cls, name) for name in _fields(cls)}
    in_dict = dict_of(cls)

    def parts(struct: Any) -> State:
        found = {} if in_dict is None else dict(in_dict(struct))
        for name, member in members.items():
            try:
                found[name] = member.__get__(struct)
            except AttributeError:
                continue
        return found

    if _config(cls).frozen and in_dict is None:
        return Reading(Shape.NAMES, parts, make=_made, is_frozen=True, may_be_set=True)
    return Reading(Shape.NAMES, parts, make=_blank, fill=_fill)


_CLASS: Any = object.__dict__["__class__"]
_META: Any = type(msgspec.Struct)


def _fields(cls: Any) -> tuple[str, ...]:
    return tuple(_META.__dict__["__struct_fields__"].__get__(cls))


def _config(cls: Any) -> Any:
    return _META.__dict__["__struct_config__"].__get__(cls)


@lru_cache(CLASSES_REMEMBERED_MAX)
def _twin(cls: Any) -> Any:
    """A class of the same layout that does nothing when one of it is made."""
    if any("__init_subclass__" in namespace(base) for base in mro(cls) if base is not object):
        raise TypeError("its class wants to know of every class that is derived from it")
    silent = {"__post_init__": lambda self: None}
    return msgspec.defstruct("Twin", [], bases=(cls,), namespace=silent, frozen=_config(cls).frozen)


def _blank(cls: Any, parts: State, _: State) -> Any:
    twin = _twin(cls)
    made = twin(**dict.fromkeys(_fields(cls)))
    _CLASS.__set__(made, cls)
    return made


def _fill(made: Any, parts: State) -> None:
    fields, in_dict = {*_fields(type(made))}, dict_of(type(made))
    for name, part in parts.items():
        if name in fields:
            msgspec.structs.force_setattr(made, name, part)
        elif in_dict is not None:
            in_dict(made)[name] = part


def _made(cls: Any, parts: State, _: State) -> Any:
    made = _blank(cls, parts, {})
    _fill(made, parts)
    return made
