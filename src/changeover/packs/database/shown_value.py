"""A stored value as a reader of a comparison wants to see it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

_WHOLE_NUMBERS = frozenset({"smallint", "integer", "bigint", "oid"})
_FLOATS = frozenset({"real", "double precision"})
_MADE_OF_TEXT: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text in ("t", "true"),
    "json": json.loads,
    "jsonb": json.loads,
    "bytea": lambda text: bytes.fromhex(text[2:]),
}


def shown_value(kind: str, value: Any) -> Any:
    """The value that a text of PostgreSQL stands for; what is none of the types here stays as it is."""
    if not isinstance(value, str):
        return value
    if kind in _WHOLE_NUMBERS:
        return int(value)
    if kind in _FLOATS:
        number = float(value)
        return number if math.isfinite(number) else value
    if kind.startswith("numeric"):
        return Decimal(value)
    made = _MADE_OF_TEXT.get(kind)
    return value if made is None else made(value)
