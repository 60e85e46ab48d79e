"""The row changes of one SQLite connection, seen by triggers that only that connection has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from changeover.packs.database.row_change import NotComparable, RowChange
from changeover.packs.database.sqlite_tables import OUR_PREFIX, SqliteSchema, schema_version, sqlite_schema
from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Table

_NOT_GIVEN = -1
"""What a row has for its number before it is inserted, where the statement gives none."""

_runs = count(1)
_steps = count(1)
"""Over all connections: what one path did on two of them has one order."""

Steps = list[tuple[int, RowChange]]
"""Changes, each with its place in the order of all."""

_INSERT, _DELETE, _UPDATE = 1, 2, 3
_EVENTS = {_INSERT: "INSERT", _DELETE: "DELETE", _UPDATE: "UPDATE"}


class SqliteCapture:
    """Listens on one connection while it is asked to.

    Temporary triggers write every change into temporary tables, which a ROLLBACK empties like any other: what
    is left is what was kept. They die with the connection and nobody else sees them. A function of Python's
    switches them, so that neither start nor end writes anything.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._schema: SqliteSchema | None = None
        self._objects = 0
        self._run: int | None = None
        self._paused: int | None = None
        self._stepped = False
        self._switched = False
        self._silent = False
        self._given: dict[str, Any] = {}
        self.is_shared = False
        self.made: set[tuple[str, Any]] = set()

    @property
    def schema(self) -> SqliteSchema:
        """What the database has; read at every start where it has changed."""
        if self._schema is None or self._schema.version != schema_version(self._connection):
            self._schema = sqlite_schema(self._connection)
        return self._schema

    @property
    def tables(self) -> dict[str, Table]:
        """The tables by name."""
        return self.schema.tables

    def start(self) -> None:
        """Listen from here on.

        Raises:
            NotComparable: changes of this database cannot all be seen.
        """
        known = self._schema
        schema = self.schema
        if schema.attached:
            raise NotComparable(f"attached databases are not compared: {', '.join(schema.attached)}")
        if known is not schema or self._installed() != self._objects:
            self.remove()
            self._install(schema)
        recursive = bool(run(self._connection, "PRAGMA recursive_triggers")[0][0])
        recursive = recursive and not self._switched
        self._switched = not recursive and not schema.has_triggers
        self._silent = not recursive and schema.has_triggers
        if self._switched:
            # Without it REPLACE deletes rows in silence; triggers of the schema's own would call themselves.
            run(self._connection, "PRAGMA recursive_triggers=ON")
        self._run, self._stepped = next(_runs), False
        self.made.clear()

    def pause(self) -> None:
        """Others may have the connection for a while."""
        if self._run is not None:
            self._paused, self._run = self._run, None

    def resume(self) -> None:
        """The path has it again."""
        if self._paused is not None:
            self._run, self._paused = self._paused, None

    def check_statement(self, statement: str) -> None:
        """Ask before a statement whether what it changes will be seen.

        Raises:
            NotComparable: it will not.
        """
        schema = self._schema
        if schema is None:
            return
        for name in schema.blind:
            if name in statement:
                raise NotComparable(f"{name} is a virtual table, whose changes are not seen")
        words = " ".join(statement.upper().split()) if self._silent or self.is_shared else ""
        if self.is_shared and (schema.rolls_back or "OR ROLLBACK" in words):
            raise NotComparable("what rolls back all that is open would do so with what the caller has open")
        replaces = schema.replaces or "REPLACE INTO" in words or "OR REPLACE" in words
        if self._silent and replaces:
            raise NotComparable("rows that REPLACE deletes are not seen in a schema with triggers")

    def stop(self) -> Steps:
        """Listen no longer; what was changed since the start and not rolled back, in its order.

        Raises:
            NotComparable: a changed row cannot be told from others.
        """
        current, self._run, self._paused = self._run or self._paused, None, None
        if self._switched:
            self._switched = False
            run(self._connection, "PRAGMA recursive_triggers=OFF")
        if current is None or self._schema is None or not self._stepped:
            return []
        steps: Steps = []
        for table in self._schema.tables.values():
            log = f"SELECT * FROM temp.{_log(table)} WHERE run = ? ORDER BY step"
            for row in run(self._connection, log, (current,)):
                steps += [(row[1], change) for change in _changes(table, row)]
                self._note_made(table, row)
        steps.sort(key=lambda step: step[0])
        return steps

    def stay(self) -> None:
        """Ask after a rollback, which takes away triggers made in its transaction: they are made anew."""
        if (
            (self._run or self._paused) is not None
            and self._schema is not None
            and self._installed() != self._objects
        ):
            self._install(self._schema)

    @property
    def sequences(self) -> dict[str, int]:
        """The last ids of tables that never give one twice."""
        if not run(self._connection, "SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'"):
            return {}
        return dict(run(self._connection, "SELECT name, seq FROM main.sqlite_sequence"))

    def _note_made(self, table: Table, row: tuple[Any, ...]) -> None:
        counter = _counter(table)
        if counter is not None and row[2] == _INSERT:
            number = row[4 + len(table.columns) + list(table.columns).index(counter)]
            if row[3] == _NOT_GIVEN and number != _NOT_GIVEN:
                self.made.add((table.name, number))

    def forget(self) -> None:
        """Read the schema anew at the next start: what was read last never was, for it was rolled back."""
        self._schema = None

    def remove(self) -> None:
        """Take triggers and tables away, before a statement that changes the schema."""
        for kind, name in run(
            self._connection,
            f"SELECT type, name FROM temp.sqlite_master WHERE name LIKE '{OUR_PREFIX}%' ORDER BY type DESC",
        ):
            if kind in ("trigger", "table"):
                run(self._connection, f"DROP {kind} IF EXISTS temp.{quoted(name)}")
        self._objects = 0

    def _step(self) -> int:
        self._stepped = True
        return next(_steps)

    def _installed(self) -> int:
        found: int = run(
            self._connection, f"SELECT count(*) FROM temp.sqlite_master WHERE name LIKE '{OUR_PREFIX}%'"
        )[0][0]
        return found

    def _install(self, schema: SqliteSchema) -> None:
        self._connection.create_function("changeover_run", 0, lambda: self._run)
        self._connection.create_function("changeover_step", 0, self._step)
        self._connection.create_function("changeover_given", 2, self._given.__setitem__)
        self._connection.create_function("changeover_was_given", 1, self._given.get)
        for table in schema.tables.values():
            for statement in _statements(table):
                run(self._connection, statement)
        self._objects = self._installed()


def _log(table: Table) -> str:
    return quoted(f"{OUR_PREFIX}{table.name}")


def _statements(table: Table) -> Iterator[str]:
    names = list(table.columns)
    old = [f"o{position}" for position in range(len(names))]
    new = [f"n{position}" for position in range(len(names))]
    yield f"CREATE TEMP TABLE {_log(table)} (run, step, kind, given, {', '.join((*old, *new))})"
    counter, text = _counter(table), _text(table.name)
    when = f"ON {table.address} WHEN changeover_run() IS NOT NULL BEGIN"
    if counter is not None:
        name = quoted(f"{OUR_PREFIX}{table.name}_GIVEN")
        given = f"SELECT changeover_given({text}, NEW.{quoted(counter)})"
        yield f"CREATE TEMP TRIGGER {name} BEFORE INSERT {when} {given}; END"
    for kind, event in _EVENTS.items():
        filled = (*(old if kind != _INSERT else ()), *(new if kind != _DELETE else ()))
        values = [f"OLD.{quoted(name)}" for name in names if kind != _INSERT]
        values += [f"NEW.{quoted(name)}" for name in names if kind != _DELETE]
        about = f"changeover_run(), changeover_step(), {kind}, changeover_was_given({text})"
        yield (
            f"CREATE TEMP TRIGGER {quoted(f'{OUR_PREFIX}{table.name}_{event}')} AFTER {event} {when} "
            f"INSERT INTO {_log(table)} (run, step, kind, given, {', '.join(filled)}) "
            f"VALUES ({about}, {', '.join(values)}); END"
        )


def _counter(table: Table) -> str | None:
    return next((name for name, column in table.columns.items() if column.made_by == "counter"), None)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _changes(table: Table, row: tuple[Any, ...]) -> list[RowChange]:
    """One line of the log; a changed key is a row that went and one that came."""
    if not table.key:
        raise NotComparable(f"{table.name} has no primary key: its rows cannot be told apart")
    kind, values = row[2], row[4:]
    width = len(table.columns)
    before = None if kind == _INSERT else dict(zip(table.columns, values[:width], strict=True))
    after = None if kind == _DELETE else dict(zip(table.columns, values[width:], strict=True))
    keys = [tuple(side[name] for name in table.key) for side in (before, after) if side is not None]
    if any(value is None for key in keys for value in key):
        raise NotComparable(
            f"a row of {table.name} has NULL in its primary key: it cannot be told from others"
        )
    if len(keys) == 2 and keys[0] != keys[1]:
        return [RowChange(table.name, keys[0], before, None), RowChange(table.name, keys[1], None, after)]
    return [RowChange(table.name, keys[0], before, after)]
