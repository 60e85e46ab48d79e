"""Everything that is wrong with the content of a file, each as one sentence with key, found and allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from changeover.errors import did_you_mean
from changeover.models.schema import schema_of
from changeover.models.table import SAID
from changeover.values.toml_table import shown

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
    wanted = _wanted(node, schema)
    if kind == "missing":
        return FileProblem(key, f"is missing, needed: {wanted}")
    found = error["input"]
    if kind in ("too_long", "too_short"):
        return FileProblem(
            key, f"has {len(found):,} entr{'y' if len(found) == 1 else 'ies'}, allowed: {_length(node)}"
        )
    near = did_you_mean(found, node.get("enum", ())) if isinstance(found, str) else ","
    return FileProblem(key, f"was {_written(found)}{near} allowed: {wanted}")


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


def _wanted(node: dict[str, Any], schema: dict[str, Any]) -> str:
    """What may stand there, in words."""
    node = _resolved(node, schema)
    kind = node.get("type", "")
    if "oneOf" in node:
        return " or ".join(_wanted(one, schema) for one in node["oneOf"])
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
