"""What the models share: tables that know all their keys, JSON Schemas, and problems as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError, core_schema

from changeover.errors import did_you_mean
from changeover.quick_dataclass import dataclass
from changeover.values.toml_table import shown

SAID = "said"
"""The type of an error whose message is a whole sentence already."""

UNSET: Any = None
"""The default of a key that may be left out; null is never what stands there."""


class FileTable(BaseModel):
    """A table of a file: values are of their own type, and a key that nobody knows is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Like:
    """A text of a form: all of it matches `pattern`, in words `allowed`."""

    pattern: str
    allowed: str
    most: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        found = {**handler(schema), "pattern": f"^(?:{self.pattern})$", "$comment": self.allowed}
        return found if self.most is None else {**found, "maxLength": self.most}

    def _checked(self, text: str) -> str:
        if self.most is not None and len(text) > self.most:
            raise said(f"has {len(text):,} characters, allowed: {self.most:,}")
        if not re.fullmatch(self.pattern, text):
            begins = re.match(self.pattern, text)
            wrong = f", wrong from character {begins.end() + 1} on" if begins and begins.end() else ""
            raise said(f"was {shown(text)}{wrong}, allowed: {self.allowed}")
        return text


def said(sentence: str) -> PydanticCustomError:
    """An error that is told as it is."""
    return PydanticCustomError(SAID, "{sentence}", {"sentence": sentence})


def refuse(found: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
    """Raise all of these at once, each at a place below the table that is looked at."""
    errors = [InitErrorDetails(type=said(text), loc=place, input=None) for place, text in found]
    if errors:
        raise ValidationError.from_exception_data("table", errors)


class EachOnce:
    """A list in which nothing stands twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "uniqueItems": True}

    def _checked(self, texts: list[Any]) -> list[Any]:
        refuse(
            ((number,), f"{text!r} stands there twice")
            for number, text in enumerate(texts)
            if text in texts[:number]
        )
        return texts


Text = Annotated[str, Like(r"[\s\S]*\S[\s\S]*", "a text that is not empty")]
Texts = Annotated[list[Text], EachOnce()]
Share = Annotated[float, Field(ge=0, le=1)]


DIALECT = "https://json-schema.org/draft/2020-12/schema"


class SchemaWriter(GenerateJsonSchema):
    """Without what pydantic would add of its own: titles made from names, and null for what is left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A title that repeats the key says nothing."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default of null means that there is none."""
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def generate(
        self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        """The whole schema, with its dialect."""
        return {"$schema": DIALECT, **super().generate(schema, mode)}


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model (draft 2020-12), as plain data that all who ask share: nobody changes it."""
    return model.model_json_schema(schema_generator=SchemaWriter)


PROBLEMS_MAX = 200
_PLAIN = {
    "boolean": "true or false",
    "string": "a text",
    "object": "a table",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class FileProblem:
    """`key` is where it is (`phase "orders".gate.live.check`), empty for the whole file."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


def problems_in(content: Any, model: type[BaseModel], root: str = "") -> list[FileProblem]:
    """What the model says of parsed content, in the order of its keys; empty where it fits."""
    try:
        model.model_validate(content)
    except ValidationError as error:
        schema = schema_of(model)
        found = [
            _problem(one, content, schema, root) for one in error.errors(include_url=False)[:PROBLEMS_MAX]
        ]
        return list(dict.fromkeys(found))
    return []


def _problem(error: Any, content: Any, schema: dict[str, Any], root: str) -> FileProblem:
    place, kind = error["loc"], error["type"]
    above = _node(schema, place[:-1])
    key = _key_text(content, place, root)
    if kind == SAID:
        return FileProblem(key, error["ctx"]["sentence"])
    if kind == "extra_forbidden":
        known = list(above.get("properties", ()))
        return FileProblem(
            key, f"unknown key{did_you_mean(str(place[-1]), known)} allowed: {', '.join(known)}"
        )
    node = _node(schema, place)
    needed = wanted(node, schema)
    if kind == "missing":
        return FileProblem(key, f"is missing, needed: {needed}")
    found = error["input"]
    if kind in ("too_long", "too_short"):
        return FileProblem(
            key, f"has {len(found):,} entr{'y' if len(found) == 1 else 'ies'}, allowed: {_length(node)}"
        )
    near = did_you_mean(found, node.get("enum", ())) if isinstance(found, str) else ","
    return FileProblem(key, f"was {_written(found)}{near} allowed: {needed}")


def _written(value: object) -> str:
    """As it stands in the file."""
    return f"'{value.isoformat(' ')}'" if isinstance(value, datetime) else shown(value)


def _key_text(content: Any, place: Sequence[str | int], root: str) -> str:
    """As people name it: a phase by its name, other items by their number."""
    text = root
    for part in place:
        if isinstance(part, int):
            content = content[part] if isinstance(content, list) and part < len(content) else None
            name = content.get("name") if text == "phase" and isinstance(content, Mapping) else None
            text = f'{text} "{name}"' if isinstance(name, str) else f"{text}[{part}]"
        elif not part.startswith("="):  # else it says which of several forms was tried
            content = content.get(part) if isinstance(content, Mapping) else None
            text = f"{text}.{part}" if text else part
    return text


def _node(schema: dict[str, Any], place: Sequence[str | int]) -> dict[str, Any]:
    """What the schema says of a place; nothing where it does not know it."""
    node = _resolved(schema, schema)
    for part in place:
        if isinstance(part, int):
            node = node.get("items", {})
        elif part.startswith("="):
            node = node["oneOf"][int(part[1:])]
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
        node = _resolved(node, schema)
    return node


def _resolved(node: Any, schema: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(node, dict):
        return {}
    name = str(node.get("$ref", "")).rpartition("/")[2]
    return schema["$defs"][name] if name else node


def wanted(node: dict[str, Any], schema: dict[str, Any]) -> str:
    """What may stand there, in words."""
    node = _resolved(node, schema)
    kind = node.get("type", "")
    if "oneOf" in node:
        return " or ".join(wanted(one, schema) for one in node["oneOf"])
    if "enum" in node or "const" in node:
        return ", ".join(map(str, node.get("enum", [node.get("const")])))
    if set(node.get("properties", ())) == {"not_asked"}:
        return '{ not_asked = "the reason" }'
    if kind in ("integer", "number"):
        return _number(node, "a whole number" if kind == "integer" else "a number")
    if kind == "array":
        return _items(_resolved(node["items"], schema))
    if "$comment" in node:  # what a text must be like
        return str(node["$comment"])
    if node.get("format") == "date":
        return "a day without quotes, such as 2027-01-31"
    return _PLAIN.get(kind, "another value")


def _number(node: dict[str, Any], words: str) -> str:
    above, least, most = (node.get(key) for key in ("exclusiveMinimum", "minimum", "maximum"))
    if above is not None:
        words += f" above {above:g}"
    if least is not None:
        words += f" from {least:g}"
    return words if most is None else f"{words}{', at most' if above is not None else ' to'} {most:g}"


def _items(node: dict[str, Any]) -> str:
    return "an array of tables" if node.get("type") == "object" else "a list of texts"


def _length(node: dict[str, Any]) -> str:
    least, most = (
        node.get("minItems", node.get("minProperties", 0)),
        node.get("maxItems", node.get("maxProperties")),
    )
    return f"{least} to {most}" if most else "none"
