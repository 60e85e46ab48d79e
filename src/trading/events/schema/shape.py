"""What an event looks like in JSON, described independently of the library that reads it."""

import types
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from trading.events.schema.refusals import json_names, rules_of, rules_of_class

Shape = dict[str, Any]

_SCALARS: dict[Any, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    Decimal: "decimal",
    datetime: "datetime",
    date: "date",
    time: "time",
    timedelta: "duration",
    UUID: "uuid",
    bytes: "bytes",
    type(None): "null",
    Any: "json",
}
_SEQUENCES = (list, Sequence)
_SETS = (set, frozenset, AbstractSet)
_MAPPINGS = (dict, Mapping)
_MADE_OF = "events are made of values, enums, dataclasses, models, lists, sets and mappings"


class ShapeUnknown(TypeError):
    """A field has a type that events are not made of."""


def shape_of(annotation: Any, inside: tuple[type, ...] = ()) -> Shape:
    """A description in plain JSON values; `nullable` stands beside the kind of what is there otherwise.

    `rules` are what a reader refuses of that kind: bounds, patterns, validators; left out where it has none.

    Args:
        annotation: The type of a field.
        inside: The classes that are being described; one that holds its own kind names it there.
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _ruled(shape_of(inner[0], inside), rules_of(inner[1:]))
    if annotation in _SCALARS:
        return {"kind": _SCALARS[annotation]}
    if origin is Literal:
        return _choice(inner)
    if origin in (Union, types.UnionType):
        return _alternatives(inner, inside)
    if origin is tuple and inner[1:] != (Ellipsis,):
        return {"kind": "tuple", "items": [shape_of(item, inside) for item in inner]}
    if origin is tuple or origin in _SEQUENCES:
        return {"kind": "array", "items": shape_of(inner[0], inside)}
    if origin in _SETS:
        return {"kind": "set", "items": shape_of(inner[0], inside)}
    if origin in _MAPPINGS:
        keys = {} if inner[0] is str else {"keys": shape_of(inner[0], inside)}
        return {"kind": "map", **keys, "values": shape_of(inner[1], inside)}
    if isinstance(annotation, type):
        return _class_shape(annotation, inside)
    raise ShapeUnknown(f"{annotation!r}: {_MADE_OF}")


def _alternatives(inner: tuple[Any, ...], inside: tuple[type, ...]) -> Shape:
    """What may stand there, in this order, as a reader tries them; null stands beside them."""
    shapes = [shape_of(part, inside) for part in inner if part is not type(None)]
    shape = shapes[0] if len(shapes) == 1 else {"kind": "union", "of": shapes}
    return shape if len(shapes) == len(inner) else {**shape, "nullable": True}


def _class_shape(described: type, inside: tuple[type, ...]) -> Shape:
    name = f"{described.__module__}.{described.__qualname__}"
    if described in inside:
        return {"kind": "object", "fields": {}, "like": described.__qualname__}
    if issubclass(described, Enum):
        return _choice(described)
    if issubclass(described, BaseModel):
        return _object(described, described.model_fields, inside)
    if is_dataclass(described):
        of_pydantic = getattr(described, "__pydantic_fields__", None)
        if of_pydantic is not None:
            return _object(described, of_pydantic, inside)
        hints = get_type_hints(described, include_extras=True)
        members = {
            f.name: {
                "required": f.default is MISSING and f.default_factory is MISSING,
                **shape_of(hints[f.name], (*inside, described)),
            }
            for f in fields(described)
        }
        return _ruled({"kind": "object", "fields": members}, rules_of_class(described))
    if name.startswith(("pydantic.types.", "pydantic.networks.", "pathlib.")):
        return {"kind": described.__qualname__}  # what it refuses is known by its name, as of `datetime`
    raise ShapeUnknown(f"{described!r}: {_MADE_OF}")


def _object(described: type, members: dict[str, FieldInfo], inside: tuple[type, ...]) -> Shape:
    shapes = {name: _member(name, field, described, inside) for name, field in members.items()}
    return _ruled({"kind": "object", "fields": shapes}, rules_of_class(described))


def _member(name: str, field: FieldInfo, described: type, inside: tuple[type, ...]) -> Shape:
    shape = {"required": field.is_required(), **shape_of(field.annotation, (*inside, described))}
    shape = _ruled(shape, rules_of(field.metadata))
    names = json_names(name, field, described)
    return shape if names == [name] else {**shape, "json_names": names}


def _choice(values: Iterable[Any]) -> Shape:
    """Values as they stand in JSON: the number 1 is not the text "1"."""
    plain = [value.value if isinstance(value, Enum) else value for value in values]
    return {"kind": "enum", "values": sorted(plain, key=lambda value: (type(value).__name__, repr(value)))}


def _ruled(shape: Shape, rules: list[str]) -> Shape:
    every = sorted({*shape.get("rules", ()), *rules})
    return {**shape, "rules": every} if every else shape
