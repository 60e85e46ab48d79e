"""Rows of `sqlite3`: names and values. Two columns of one name are told apart by their place."""

from __future__ import annotations

import sqlite3
from typing import Any

from changeover.values.added_state import with_state
from changeover.values.own_state import mro
from changeover.values.shapes import Reading, Shape, State

_ROW = sqlite3.Row


def reading_for(cls: type) -> Reading | None:
    """The reading of a row; that of connections and cursors stands elsewhere."""
    return with_state(_READING, cls) if _ROW in mro(cls) else None


def _row_parts(row: Any) -> State:
    names, values = _ROW.keys(row), [*_ROW.__iter__(row)]
    parts: State = {}
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        parts[f"{name} [{at}]" if name in parts else name] = value
    return parts


def _row_copied(row: Any) -> State:
    return {"names": (*_ROW.keys(row),), "values": (*_ROW.__iter__(row),)}


def _row_made(cls: type, parts: State, _: State) -> Any:
    """A row is made by a cursor alone: that of a database of its own, which holds nothing."""
    quoted = ", ".join(f'NULL AS "{name.replace(chr(34), chr(34) * 2)}"' for name in parts["names"])
    connection = sqlite3.connect(":memory:")
    try:
        return _ROW.__new__(cls, connection.execute(f"SELECT {quoted}"), tuple(parts["values"]))
    finally:
        connection.close()


_READING = Reading(Shape.NAMES, _row_parts, copied=_row_copied, make=_row_made, is_frozen=True)
