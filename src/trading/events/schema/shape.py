"""What an event looks like in JSON, described independently of the library that reads it."""

import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

Shape = dict[str, Any]

_SCALARS: dict[Any, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    Decimal: "decimal",
    datetime: "datetime",
    date: "date",
    Any: "json",
}


class ShapeUnknown(TypeError):
    """A field has a type that events are not made of."""


def shape_of(annotation: Any) -> Shape:
    """A description in plain JSON values; `nullable` stands beside the kind of what is there otherwise."""
    if get_origin(annotation) is Annotated:
        return shape_of(get_args(annotation)[0])
    if annotation in _SCALARS:
        return {"kind": _SCALARS[annotation]}
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"kind": "enum", "values": sorted(map(str, inner))}
    if origin in (Union, types.UnionType) and len(inner) == 2 and type(None) in inner:
        (present,) = (part for part in inner if part is not type(None))
        return {**shape_of(present), "nullable": True}
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return {"kind": "array", "items": shape_of(inner[0])}
    if origin is dict and inner[0] is str:
        return {"kind": "map", "values": shape_of(inner[1])}
    return _class_shape(annotation)


def _class_shape(annotation: Any) -> Shape:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"kind": "enum", "values": sorted(str(member.value) for member in annotation)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        hints = get_type_hints(annotation)
        return _object({name: (hints[name], f.is_required()) for name, f in annotation.model_fields.items()})
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = get_type_hints(annotation)
        return _object(
            {
                f.name: (hints[f.name], f.default is MISSING and f.default_factory is MISSING)
                for f in fields(annotation)
            }
        )
    raise ShapeUnknown(f"{annotation!r}: events are made of values, enums, dataclasses, tuples and mappings")


def _object(members: dict[str, tuple[Any, bool]]) -> Shape:
    return {
        "kind": "object",
        "fields": {name: {"required": needed, **shape_of(hint)} for name, (hint, needed) in members.items()},
    }
