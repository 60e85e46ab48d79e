"""One statement on a connection of any driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Connection = Any
"""A DBAPI connection, or what stands for one of an async driver."""


def run(connection: Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Send one statement; the rows that it gives, as tuples whatever the connection makes of rows."""
    cursor = connection.cursor()
    try:
        if values:
            cursor.execute(statement, tuple(values))
        else:
            cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        cursor.close()


def quoted(name: str) -> str:
    """A name as SQL reads it back, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
