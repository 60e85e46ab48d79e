"""Where a value stands: segments from the root down, as people read them and as clusters are named.

A place is written as rule paths are: `result.positions[3].quantity`, `result."odd name"`,
`effects.broker.submit_order[SPY,SELL].quantity`. Its normal form leaves out what differs from run to run:
indexes, row keys that are free text, mapping keys that are identifiers, numbers, dates or codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import field
from enum import Enum
from itertools import islice
from types import FunctionType
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.own_state import class_name
from changeover.values.scalars import base_of
from changeover.values.scalars import text as scalar_text


class Key(str):
    """A text key of a mapping; a plain `str` segment is a declared name. Both are written alike."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TypedKey:
    """A key of a mapping that is no text: it keeps its type, so that 3 and "3" stand apart."""

    kind: str
    text: str = field(compare=False)
    token: Hashable

    def __str__(self) -> str:
        return f"({self.kind}) {self.text}"


@dataclass(frozen=True, slots=True)
class RowKey:
    """The key of a row or effect. `settled` says of each part that it is one of few values (enum, bool)."""

    parts: tuple[str, ...]
    settled: tuple[bool, ...]

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> RowKey:
        """The key made of these values."""
        return cls(
            tuple(key_text(value) for value in values),
            tuple(value is None or base_of(type(value)) in (Enum, bool) for value in values),
        )


Segment = str | int | TypedKey | RowKey
Place = tuple[Segment, ...]

_PART_MAX = 200
_BARE = re.compile(r"[^\s.\[\]{}\"*,\\\x00-\x1f]+")
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-?[01]\d-?[0-3]\d([T ].*)?")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_IDENTIFIER = re.compile(r"(?=.*\d)([0-9a-f]{8,}|[\w:/.-]*[-_:/.]?\d{3,}[\w:/.-]*)", re.IGNORECASE)
_CODE = re.compile(r"[A-Z][A-Z0-9.]{0,5}")


def key_text(value: Any) -> str:
    """One part of a key as it stands between brackets; long text is cut in the middle."""
    text = _whole_text(value)
    return text if len(text) <= _PART_MAX else f"{text[: _PART_MAX // 2]}…{text[-_PART_MAX // 2 :]}"


def _whole_text(value: Any) -> str:
    cls = type(value)
    if base_of(cls) is not None:
        return scalar_text(value) or class_name(cls) if cls is FunctionType else scalar_text(value)
    if cls is tuple or cls is list:
        return f"({', '.join(map(_part_text, value[:_PART_MAX]))})"
    if cls is dict:
        pairs = islice(value.items(), _PART_MAX)
        return f"{{{', '.join(f'{_part_text(key)}: {_part_text(part)}' for key, part in pairs)}}}"
    return class_name(cls)


def _part_text(part: Any) -> str:
    return repr(part) if type(part) is str else key_text(part)


def quoted(text: str) -> str:
    """The text as a path segment: bare where that can be read back, else in quotes."""
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def render(place: Place) -> str:
    """The place as text."""
    return _joined(
        place,
        lambda item: ",".join(map(quoted, item.parts)) if isinstance(item, RowKey) else str(item),
        lambda name: quoted(str(name)),
    )


def normalise(place: Place) -> str:
    """The place with placeholders for what differs from run to run; the place of a cluster."""
    return _joined(place, _normal_item, _normal_name)


def _joined(place: Place, item: Callable[[RowKey | int], str], name: Callable[[str | TypedKey], str]) -> str:
    parts: list[str] = []
    for segment in place:
        if isinstance(segment, (RowKey, int)):
            parts.append(f"[{item(segment)}]")
        else:
            parts.append(f".{name(segment)}" if parts else name(segment))
    return "".join(parts)


def _normal_item(item: RowKey | int) -> str:
    if isinstance(item, int) or not any(item.settled):
        return "*"
    pairs = zip(item.parts, item.settled, strict=True)
    return ",".join(quoted(part) if settled else "*" for part, settled in pairs)


def _normal_name(segment: str | TypedKey) -> str:
    if isinstance(segment, TypedKey):
        return f"<{segment.kind}>"
    if not isinstance(segment, Key):
        return quoted(segment)
    for pattern, name in (
        (_UUID, "<uuid>"),
        (_DATE, "<date>"),
        (_NUMBER, "<number>"),
        (_CODE, "<code>"),
        (_IDENTIFIER, "<id>"),
    ):
        if pattern.fullmatch(segment):
            return name
    return quoted(segment)
