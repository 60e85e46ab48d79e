"""Rows of a PostgreSQL database read and written one by one, inside the transaction of one connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from changeover.packs.database.parameter_style import ParameterStyle, escaped, marks
from changeover.packs.database.postgres_capture import rows_of
from changeover.packs.database.row_change import Row, RowKey
from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Table
from changeover.packs.database.turning_back import Refused

_CONSTRAINTS = "23"
"""The class of SQLSTATE of every integrity constraint."""


class PostgresRows:
    """`RowsOfTables` on one connection; rows that are read are locked, so that they stay as they are."""

    def __init__(self, connection: Connection, style: ParameterStyle, tables: Mapping[str, Table]) -> None:
        self._connection = connection
        self._style = style
        self.tables = tables

    def rows(self, table: Table, keys: Collection[RowKey]) -> dict[RowKey, Row]:
        """Those of these keys that are there, locked in the order of their keys."""
        return rows_of(self._connection, self._style, table, sorted(keys), "FOR UPDATE")

    def add(self, table: Table, row: Row) -> None:
        """Insert a row, ids of its own included."""
        values = marks(self._style, self._types(table, row))
        self._try(
            f"INSERT INTO {self._name(table)} ({self._names(row)}) OVERRIDING SYSTEM VALUE "
            f"VALUES ({', '.join(values)})",
            list(row.values()),
        )

    def put(self, table: Table, key: RowKey, row: Row, now: Row) -> None:
        """Give the row of that key the columns that are other now."""
        other = {name: value for name, value in row.items() if value != now.get(name)}
        if any(table.columns[name].always_made for name in other):
            raise Refused(f"{table.name}: a column that is always made cannot be set")
        values = zip(other, marks(self._style, self._types(table, other)), strict=True)
        given = ", ".join(f"{self._names([name])} = {mark}" for name, mark in values)
        at, where = self._at(table, key, len(other) + 1)
        self._try(f"UPDATE ONLY {self._name(table)} SET {given} WHERE {at}", [*other.values(), *where])

    def take(self, table: Table, key: RowKey) -> None:
        """Delete the row of that key."""
        at, where = self._at(table, key, 1)
        self._try(f"DELETE FROM ONLY {self._name(table)} WHERE {at}", where)

    def _at(self, table: Table, key: RowKey, first: int) -> tuple[str, list[Any]]:
        values = marks(self._style, [table.columns[name].type for name in table.key], first)
        pairs = zip(table.key, values, strict=True)
        return " AND ".join(f"{self._names([name])} = {mark}" for name, mark in pairs), list(key)

    def _name(self, table: Table) -> str:
        return escaped(self._style, table.address)

    def _names(self, names: Collection[str]) -> str:
        return escaped(self._style, ", ".join(quoted(name) for name in names))

    def _types(self, table: Table, names: Collection[str]) -> list[str]:
        return [table.columns[name].type for name in names]

    def _try(self, statement: str, values: list[Any]) -> None:
        run(self._connection, "SAVEPOINT changeover_row")
        try:
            run(self._connection, statement, values)
        except Exception as error:
            if not sqlstate(error).startswith(_CONSTRAINTS):
                raise
            run(self._connection, "ROLLBACK TO SAVEPOINT changeover_row")
            run(self._connection, "RELEASE SAVEPOINT changeover_row")
            raise Refused(str(error).splitlines()[0]) from error
        run(self._connection, "RELEASE SAVEPOINT changeover_row")


def sqlstate(error: BaseException) -> str:
    """The code by which PostgreSQL says what was wrong, whatever the driver calls it; empty without one."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
