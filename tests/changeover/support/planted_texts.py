"""Values of the screens' own types with other texts in every field that comes from data or people."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

FREE = frozenset(
    {
        *("migration", "title", "required", "found", "do", "detail", "reason", "who", "sighting", "message"),
        *("text", "texts", "not_counted", "not_shown", "problems", "raised", "legacy", "candidate", "run"),
        *("asked_at", "hidden_by", "unavailable", "damaged", "unit", "place", "returned", "example", "tags"),
        *("criterion",),
    }
)
"""Names of the fields in which any text may stand; the others are words and digests of our own."""


def planted(value: Any, text: Callable[[], str], name: str = "") -> Any:
    """The same value with `text()` in every such field."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text() if name in FREE and value else value
    if is_dataclass(value) and not isinstance(value, type):
        own = "criterion" if type(value).__name__ == "Criterion" else ""
        return replace(
            value,
            **{
                one.name: planted(
                    getattr(value, one.name), text, own if own and one.name == "name" else one.name
                )
                for one in fields(value)
            },
        )
    if isinstance(value, Mapping):
        return {
            key: planted(part, text, key if isinstance(key, str) and key in FREE else name)
            for key, part in value.items()
        }
    if isinstance(value, (tuple, list)):
        return type(value)(planted(part, text, name) for part in value)
    return value
