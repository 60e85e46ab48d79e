"""Messages of Protocol Buffers: the fields that are set, and what a newer sender has put in besides."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from changeover.values.own_state import mro
from changeover.values.shapes import Reading, Shape, State

UNKNOWN = "unknown fields"
"""Where those stand that the class of a message does not know; no field can be called so."""


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of messages; other libraries have names that begin with `google`, too."""
    base = getattr(sys.modules.get("google.protobuf.message"), "Message", None)
    return Reading(Shape.NAMES, _fields, make=_made) if base in mro(cls) and cls is not base else None


def _is_message(value: Any) -> bool:
    return hasattr(type(value), "ListFields")


def _fields(message: Any) -> State:
    found = {_name(field): _plain(value) for field, value in message.ListFields()}
    unknown = _unknown(message)
    return {**found, UNKNOWN: unknown} if unknown else found


def _name(field: Any) -> str:
    return f"[{field.full_name}]" if field.is_extension else str(field.name)


def _plain(value: Any) -> Any:
    """A field that holds several values as a dict or a list, which its own containers are views of."""
    if isinstance(value, str | bytes | int | float) or _is_message(value):
        return value
    if isinstance(value, Mapping):
        return {key: value[key] for key in value}
    return [*value]


def _unknown(message: Any) -> list[Any]:
    from google.protobuf.unknown_fields import UnknownFieldSet

    return [[one.field_number, one.wire_type, _raw(one.data)] for one in UnknownFieldSet(message)]


def _raw(data: Any) -> Any:
    if isinstance(data, int | bytes):
        return data
    return [[one.field_number, one.wire_type, _raw(one.data)] for one in data]  # a group


def _made(cls: type, parts: State, _: State) -> Any:
    """A message with these fields; unknown ones cannot be put in, so that such a copy is known to be none."""
    made: Any = cls()
    for name, value in parts.items():
        if name.startswith("["):
            extension = made.DESCRIPTOR.file.pool.FindExtensionByName(name[1:-1])
            if not _filled(made.Extensions[extension], value):
                made.Extensions[extension] = value
        elif name != UNKNOWN and not _filled(getattr(made, name), value):
            setattr(made, name, value)
    return made


def _filled(held: Any, value: Any) -> bool:
    """Whether a field holds something by itself that is filled, rather than set."""
    if _is_message(value):
        held.SetInParent()
        held.CopyFrom(value)
    elif isinstance(value, dict):
        for key, part in value.items():
            if not _is_message(part):
                held[key] = part
            else:
                held[key].CopyFrom(part)
    elif isinstance(value, list):
        held.extend(value)
    else:
        return False
    return True
