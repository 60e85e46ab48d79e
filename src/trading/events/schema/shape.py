"""What an event looks like in JSON, described independently of the library that reads it."""

import types
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

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
    Any: "json",
}


class ShapeUnknown(TypeError):
    """A field has a type that events are not made of."""


def shape_of(annotation: Any) -> Shape:
    """A description in plain JSON values; `nullable` stands beside the kind of what is there otherwise.

    `rules` are what a reader refuses of that kind: bounds, patterns, validators; left out where it has none.
    """
    if get_origin(annotation) is Annotated:
        inner = get_args(annotation)
        return _ruled(shape_of(inner[0]), rules_of(inner[1:]))
    if annotation in _SCALARS:
        return {"kind": _SCALARS[annotation]}
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _choice(inner)
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
        return _choice(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _object(annotation, annotation.model_fields)
    if isinstance(annotation, type) and is_dataclass(annotation):
        of_pydantic = getattr(annotation, "__pydantic_fields__", None)
        if of_pydantic is not None:
            return _object(annotation, of_pydantic)
        hints = get_type_hints(annotation, include_extras=True)
        members = {
            f.name: {
                "required": f.default is MISSING and f.default_factory is MISSING,
                **shape_of(hints[f.name]),
            }
            for f in fields(annotation)
        }
        return _ruled({"kind": "object", "fields": members}, rules_of_class(annotation))
    raise ShapeUnknown(f"{annotation!r}: events are made of values, enums, dataclasses, tuples and mappings")


def _object(described: type, members: dict[str, FieldInfo]) -> Shape:
    shapes = {name: _member(name, field, described) for name, field in members.items()}
    return _ruled({"kind": "object", "fields": shapes}, rules_of_class(described))


def _member(name: str, field: FieldInfo, described: type) -> Shape:
    shape = _ruled({"required": field.is_required(), **shape_of(field.annotation)}, rules_of(field.metadata))
    names = json_names(name, field, described)
    return shape if names == [name] else {**shape, "json_names": names}


def _choice(values: Iterable[Any]) -> Shape:
    """Values as they stand in JSON: the number 1 is not the text "1"."""
    plain = [value.value if isinstance(value, Enum) else value for value in values]
    return {"kind": "enum", "values": sorted(plain, key=lambda value: (type(value).__name__, repr(value)))}


def _ruled(shape: Shape, rules: list[str]) -> Shape:
    every = sorted({*shape.get("rules", ()), *rules})
    return {**shape, "rules": every} if every else shape
