"""Rows of an SQLite database read and written one by one, inside the transaction of one connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from changeover.packs.database.row_change import Row, RowKey
from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Table
from changeover.packs.database.turning_back import Refused

_CONSTRAINT = 19
"""SQLITE_CONSTRAINT, the low byte of every code of a refused statement."""


class SqliteRows:
    """`RowsOfTables` on one connection, without the triggers that the schema has of its own."""

    def __init__(self, connection: Connection, tables: Mapping[str, Table]) -> None:
        self._connection = connection
        self.tables = tables

    def rows(self, table: Table, keys: Collection[RowKey]) -> dict[RowKey, Row]:
        """Those of these keys that are there."""
        found = {}
        # Without the sign, a connection that converts values by the type of their column would do it here.
        columns = ", ".join(f"+{quoted(name)}" for name in table.columns)
        statement = f"SELECT {columns} FROM {table.address} WHERE {_at(table)}"
        for key in keys:
            for values in run(self._connection, statement, key):
                found[key] = dict(zip(table.columns, values, strict=True))
        return found

    def add(self, table: Table, row: Row) -> None:
        """Insert a row."""
        marks = ", ".join("?" * len(row))
        self._try(f"INSERT INTO {table.address} ({_names(row)}) VALUES ({marks})", tuple(row.values()))

    def put(self, table: Table, key: RowKey, row: Row, now: Row) -> None:
        """Give the row of that key other columns."""
        values = ", ".join(f"{quoted(name)} = ?" for name in row)
        self._try(f"UPDATE {table.address} SET {values} WHERE {_at(table)}", (*row.values(), *key))

    def take(self, table: Table, key: RowKey) -> None:
        """Delete the row of that key."""
        self._try(f"DELETE FROM {table.address} WHERE {_at(table)}", key)

    def without_triggers(self) -> list[str]:
        """Drop the triggers of the schema; the statements that make them again.

        Part of the transaction like everything else: it never was where that is rolled back.
        """
        rows = run(self._connection, "SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'")
        for name, _ in rows:
            run(self._connection, f"DROP TRIGGER main.{quoted(name)}")
        return [text for _, text in rows]

    def _try(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            run(self._connection, statement, values)
        except Exception as error:
            code = getattr(error, "sqlite_errorcode", None)
            if type(error).__name__ != "IntegrityError" or (code is not None and code & 0xFF != _CONSTRAINT):
                raise
            raise Refused(str(error)) from error


def _names(names: Collection[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _at(table: Table) -> str:
    return " AND ".join(f"{quoted(name)} IS ?" for name in table.key)
