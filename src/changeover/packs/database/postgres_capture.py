"""The row changes of one open PostgreSQL transaction, read from the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from changeover.packs.database.parameter_style import ParameterStyle, escaped, marks
from changeover.packs.database.postgres_settings import plain_values
from changeover.packs.database.postgres_tables import KnownTables, PostgresTables
from changeover.packs.database.row_change import NotComparable, Row, RowChange, RowKey, same_row
from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Table

ROWS_MAX = 100_000
"""Tables with more rows are not read through for the few that a path changed."""

_OURS = "pid = pg_backend_pid() AND granted"
_TOP = "SELECT pg_current_xact_id_if_assigned()::text::bigint"
_REBUILT = f"""
SELECT c.relname::text FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
WHERE {_OURS} AND d.datname = current_database() AND l.mode = 'AccessExclusiveLock'
AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'm')
ORDER BY 1 LIMIT 1
"""
_TOUCHED = "SELECT relid::bigint FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
_HALF = 1 << 31
_WHOLE = 1 << 32


class PostgresCapture:
    """Reads what the open transaction of one connection changed, without any trigger.

    Rows that the transaction wrote bear the number of it or of one of its savepoints: of a transaction that
    has not ended, and yet they are seen here. What they were before, and which rows are gone, is seen by a
    second connection, for which nothing is committed yet.

    Args:
        connection: the one whose transaction is read.
        side: another one of the same database, in autocommit.
        style: how the driver names values.
        known: tables that were read before; kept from run to run.
    """

    def __init__(
        self,
        connection: Connection,
        side: Connection,
        style: ParameterStyle,
        known: KnownTables,
        rows_max: int = ROWS_MAX,
    ) -> None:
        self._connection = connection
        self._side = side
        self._style = style
        self._rows_max = rows_max
        self._tables = PostgresTables(side, known)

    @property
    def tables(self) -> dict[str, Table]:
        """Those that were touched so far."""
        return self._tables.by_name

    def read_tables(self, names: Iterable[str]) -> None:
        """Learn of tables of these names, which another connection touched."""
        self._tables.read_named(set(names))

    def changes(self) -> list[RowChange]:
        """What the open transaction changed since it began; ask before it ends.

        Raises:
            NotComparable: it cannot be told.
        """
        top: int | None = run(self._connection, _TOP)[0][0]
        rebuilt = run(self._connection, _REBUILT)
        if rebuilt:
            raise NotComparable(f"the schema was changed, or a table emptied at once: {rebuilt[0][0]}")
        if top is None:
            return []
        if run(self._connection, "SELECT current_setting('track_counts')")[0][0] != "on":
            raise NotComparable("track_counts is off: PostgreSQL does not tell which tables were touched")
        touched = self._tables.read({number for (number,) in run(self._connection, _TOUCHED)})
        changes: list[RowChange] = []
        with plain_values(self._connection):
            for table in touched:
                changes += self._of_table(table, _is_own(top))
        return changes

    def _of_table(self, table: Table, own: str) -> list[RowChange]:
        if table.rows > self._rows_max:
            raise NotComparable(
                f"{table.name} has about {table.rows} rows, more than the {self._rows_max} that can be read"
            )
        mine = self._written(table, own)
        if not table.key:
            if mine or self._gone(table, mine):
                raise NotComparable(f"{table.name} has no primary key: its rows cannot be told apart")
            return []
        gone = self._gone(table, mine)
        before = rows_of(self._side, self._style, table, list(mine))
        changes = [RowChange(table.name, key, row, None) for key, row in gone.items()]
        changes += [
            RowChange(table.name, key, before.get(key), row)
            for key, row in mine.items()
            if not same_row(before.get(key), row)
        ]
        return changes

    def _written(self, table: Table, own: str) -> dict[RowKey, Row]:
        rows = run(
            self._connection,
            f"SELECT {texts(table)} FROM ONLY {table.address} WHERE {own} ORDER BY cmin::text::bigint, ctid",
        )
        found = [dict(zip(table.columns, row, strict=True)) for row in rows]
        return {_key(table, row) or (str(place),): row for place, row in enumerate(found)}

    def _gone(self, table: Table, mine: dict[RowKey, Row]) -> dict[RowKey, Row]:
        """Rows that others still see and this transaction does not.

        The others' view is asked before and after, so that a row which somebody else deletes in between is
        not taken for ours; and what came after the transaction's own snapshot was never seen by it.
        """
        marked = (
            f"SELECT ctid::text, xmin::text, {texts(table)} FROM ONLY {table.address} WHERE xmax::text <> '0'"
        )
        seen: dict[RowKey, tuple[str, str, Row]] = {}
        for place, number, *values in run(self._side, marked):
            row = dict(zip(table.columns, values, strict=True))
            key = _key(table, row) or (place,)
            if key not in mine:
                seen[key] = (place, number, row)
        if not seen:
            return {}
        if table.key:
            alive = rows_of(self._connection, self._style, table, list(seen))
            left = {key: found for key, found in seen.items() if key not in alive}
        else:
            here = {
                place for (place,) in run(self._connection, f"SELECT ctid::text FROM ONLY {table.address}")
            }
            left = {key: found for key, found in seen.items() if found[0] not in here}
        if not left:
            return {}
        still = {(place, number) for place, number, *_ in run(self._side, marked)}
        newest, running = self._snapshot()
        return {
            key: row
            for key, (place, number, row) in left.items()
            if (place, number) in still and _precedes(int(number), newest) and int(number) not in running
        }

    def _snapshot(self) -> tuple[int, set[int]]:
        text: str = run(self._connection, "SELECT pg_current_snapshot()::text")[0][0]
        _, newest, running = text.split(":")
        return int(newest) % _WHOLE, {int(number) % _WHOLE for number in running.split(",") if number}


def _is_own(top: int) -> str:
    """Whether a row that is seen was written by the transaction of this number, or in a savepoint of it.

    Numbers of rows go round in a circle of 2**32; that of the transaction has its rounds counted.
    """
    written = f"{top} + (xmin::text::bigint - {top % _WHOLE} + {_WHOLE}) % {_WHOLE}"
    status = f"pg_xact_status(({written})::text::xid8)"
    return f"CASE WHEN age(xmin) <= age('{top % _WHOLE}'::xid) THEN {status} = 'in progress' ELSE false END"


def texts(table: Table) -> str:
    """Every column as text: one form for all types and all drivers."""
    return ", ".join(f"{quoted(name)}::text" for name in table.columns)


def rows_of(
    connection: Connection, style: ParameterStyle, table: Table, keys: list[RowKey], locked: str = ""
) -> dict[RowKey, Row]:
    """The rows of these keys, as one connection sees them."""
    found: dict[RowKey, Row] = {}
    types = [table.columns[name].type for name in table.key]
    width = max(1, 1000 // max(1, len(types)))
    for start in range(0, len(keys), width):
        part = keys[start : start + width]
        each = marks(style, types * len(part))
        groups = (each[place : place + len(types)] for place in range(0, len(each), len(types)))
        among = ", ".join(f"({', '.join(group)})" for group in groups)
        names = ", ".join(quoted(name) for name in table.key)
        statement = (
            f"SELECT {escaped(style, texts(table))} FROM ONLY {escaped(style, table.address)} "
            f"WHERE ({escaped(style, names)}) IN ({among}) {locked}"
        )
        for values in run(connection, statement, [value for key in part for value in key]):
            row = dict(zip(table.columns, values, strict=True))
            found[_key(table, row)] = row
    return found


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in table.key)


def _precedes(one: int, other: int) -> bool:
    """Whether one transaction number comes before another; they go round in a circle."""
    return (one - other) % _WHOLE >= _HALF or one < 3
