"""Values that the database made by itself, under names that are the same for two paths.

A counter gives the next path other ids, and `now()` another time, though both did the same. So the n-th new
row of a table has one name on each side, wherever it is referred to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from changeover.packs.database.row_change import Row, RowChange
from changeover.packs.database.shown_value import shown_value
from changeover.packs.database.table import Column, Table

NOW = "<now>"
MADE_UUID = "<uuid>"


class MadeEvidence(Protocol):
    """What the database did while a path ran, as far as it shows which values are the database's own."""

    def counted(self, table: Table, column: Column, value: Any) -> bool:
        """Whether a counter of the database gave this value while the path ran."""

    def is_now(self, column: Column, value: Any) -> bool:
        """Whether this is a time at which the path ran, by the clock of the database."""


class MadeValues:
    """The names of what one path's changes have from the database.

    Args:
        tables: those of the changes.
        changes: in the order in which the rows were made.
        evidence: tells the values that the database gave from those that a statement gave.
    """

    def __init__(
        self, tables: Mapping[str, Table], changes: Iterable[RowChange], evidence: MadeEvidence
    ) -> None:
        self._tables = tables
        self._evidence = evidence
        self._names: dict[tuple[str, str, Any], str] = {}
        made = [change for change in changes if change.before is None and change.after is not None]
        for name in {change.table: None for change in made}:
            rows = [change.after for change in made if change.table == name and change.after is not None]
            self._name_rows(tables[name], rows)

    def part_of_key(self, table: Table, column: str, value: Any, *, is_new: bool) -> str:
        """A value of a key as a part of the row's name; no two rows have one name."""
        name = self._names.get((table.name, column, value))
        if name is not None:
            return name.removeprefix(table.name)
        text = str((self.plain if is_new else self.plain_old)(table, column, value))
        refers = table.columns[column].refers_to
        if refers is not None and (*refers, value) in self._names:
            return text
        return text.replace("%", "%25").replace("/", "%2F").replace("#", "%23")

    def plain(self, table: Table, column: str, value: Any) -> Any:
        """A value of a column, its name in place of a made one."""
        if value is None:
            return None
        named = self._named(table, column, value)
        if named is None and self._evidence.is_now(table.columns[column], value):
            return NOW
        return shown_value(table.columns[column].type, value) if named is None else named

    def plain_old(self, table: Table, column: str, value: Any) -> Any:
        """The same of what a row had before the path: no time of it was made there, however late it is."""
        named = None if value is None else self._named(table, column, value)
        return shown_value(table.columns[column].type, value) if named is None else named

    def _named(self, table: Table, column: str, value: Any) -> str | None:
        """The name of a made value, of this table or of that which it refers to."""
        refers = table.columns[column].refers_to
        name = self._names.get((table.name, column, value))
        return self._names.get((*refers, value)) if name is None and refers is not None else name

    def plain_new(self, table: Table, column: str, value: Any) -> Any:
        """The same of a row that was made: what a default filled with chance has no name of its own."""
        if value is not None and table.columns[column].made_by == "uuid" and column not in table.key:
            return MADE_UUID
        return self.plain(table, column, value)

    def _name_rows(self, table: Table, rows: list[Row]) -> None:
        for name, column in table.columns.items():
            if name not in table.key or column.made_by not in ("counter", "uuid"):
                continue
            made = rows
            if column.made_by == "counter":
                made = [row for row in rows if self._evidence.counted(table, column, row[name])]
                made = sorted(made, key=partial(_number, name))
            for number, row in enumerate(made, 1):
                self._names[table.name, name, row[name]] = f"{table.name}#{number}"


def _number(name: str, row: Row) -> int:
    return int(row[name])
