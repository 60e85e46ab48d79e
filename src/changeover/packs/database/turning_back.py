"""Rows brought back to what they were, in whatever order the constraints of the schema allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from changeover.packs.database.row_change import NotComparable, Row, RowChange, RowKey, same_row
from changeover.packs.database.table import Table

ROUNDS_MAX = 12
"""How often what was refused, or undone by a cascade, is tried again."""


class Refused(Exception):
    """A constraint of the schema does not allow a statement now; another order may."""


class RowsOfTables(Protocol):
    """The rows of a database inside one transaction; what raises `Refused` has changed nothing."""

    tables: Mapping[str, Table]

    def rows(self, table: Table, keys: Collection[RowKey]) -> dict[RowKey, Row]:
        """Those of these keys that are there."""

    def add(self, table: Table, row: Row) -> None:
        """Insert a row."""

    def put(self, table: Table, key: RowKey, row: Row, now: Row) -> None:
        """Give the row of that key, which is `now`, other columns, those of its key among them."""

    def take(self, table: Table, key: RowKey) -> None:
        """Delete the row of that key."""


Wrong = dict[tuple[str, RowKey], tuple[Row | None, Row | None]]


def moved(database: RowsOfTables, changes: Iterable[RowChange]) -> list[tuple[str, RowKey]]:
    """The changed rows that are no longer what the path left."""
    return list(_wrong(database, {(change.table, change.key): change.after for change in changes}))


def turn_back(database: RowsOfTables, changes: Iterable[RowChange]) -> None:
    """Bring every changed row to what it was before.

    Inserts come first, parents before children, and deletes last, children before parents; what a constraint
    refuses waits for the next round, and what a cascade of the schema changed beside is set right in it.

    Raises:
        NotComparable: no order is allowed.
    """
    targets = {(change.table, change.key): change.before for change in changes}
    depth = _depth(database.tables, {table for table, _ in targets})
    for _ in range(ROUNDS_MAX):
        wrong = _wrong(database, targets)
        if not wrong:
            return
        refusal = _one_round(database, wrong, depth)
        if refusal is not None and not _renamed(database, wrong):
            raise NotComparable(f"a change could not be turned back: {refusal}")
    if _wrong(database, targets):
        raise NotComparable("a change could not be turned back: the schema changes the rows again")


def _wrong(database: RowsOfTables, targets: Mapping[tuple[str, RowKey], Row | None]) -> Wrong:
    """Rows that are not what they should be: what each is now, and what it should be."""
    keys: dict[str, list[RowKey]] = {}
    for table, key in targets:
        keys.setdefault(table, []).append(key)
    wrong: Wrong = {}
    for name, wanted in keys.items():
        there = database.rows(database.tables[name], wanted)
        for key in wanted:
            if not same_row(there.get(key), targets[name, key]):
                wrong[name, key] = (there.get(key), targets[name, key])
    return wrong


def _one_round(database: RowsOfTables, wrong: Wrong, depth: Mapping[str, int]) -> str | None:
    """Try every row once; why nothing was allowed, None where something was."""
    done, refusal = 0, ""
    for (name, key), (now, wanted) in sorted(wrong.items(), key=lambda item: _rank(item, depth)):
        table = database.tables[name]
        try:
            if wanted is None:
                database.take(table, key)
            elif now is None:
                database.add(table, wanted)
            else:
                database.put(table, key, wanted, now)
            done += 1
        except Refused as error:
            refusal = refusal or str(error)
    return None if done else refusal


def _renamed(database: RowsOfTables, wrong: Wrong) -> bool:
    """Turn a row that should not be there into one of its table that should, all columns: a key changed back.

    Needed where the one cannot go before the other is there, and the other not come before the one is gone.
    """
    for (name, key), (now, wanted) in wrong.items():
        if wanted is not None or now is None:
            continue
        for (other, _), (there, missing) in wrong.items():
            if other == name and there is None and missing is not None:
                try:
                    database.put(database.tables[name], key, missing, now)
                except Refused:
                    continue
                return True
    return False


def _rank(item: tuple[tuple[str, RowKey], tuple[Row | None, Row | None]], depth: Mapping[str, int]) -> Any:
    (name, _), (now, wanted) = item
    if now is None:
        return 0, depth[name]
    return (2, -depth[name]) if wanted is None else (1, depth[name])


def _depth(tables: Mapping[str, Table], names: Collection[str]) -> dict[str, int]:
    """How many tables stand above each by foreign keys; in a circle somebody comes first."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for name in names:
            for column in tables[name].columns.values():
                parent = column.refers_to and column.refers_to[0]
                if parent in depth and parent != name:
                    depth[name] = min(max(depth[name], depth[parent] + 1), len(depth))
    return depth
