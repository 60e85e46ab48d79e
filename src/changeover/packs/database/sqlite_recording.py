"""Listening to a path that answers, on every SQLite connection that it uses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable, net
from changeover.packs.database.sqlite_capture import SqliteCapture, Steps
from changeover.packs.database.sqlite_made import SqliteMade
from changeover.packs.database.statement import Connection, run
from changeover.packs.database.statement_kind import changes_schema, first_word

WAITS_MS = 50
"""How long the toolkit itself waits for a lock of somebody else before a statement of the program does so."""


class SqliteRecording:
    """The row changes of one path. A problem of its own is kept, never raised: the program does not feel it.

    Args:
        capture_of: what listens on a connection, kept as long as that by its owner.
    """

    def __init__(self, capture_of: Callable[[Connection], SqliteCapture]) -> None:
        self._capture_of = capture_of
        self._met: dict[int, tuple[Connection, SqliteCapture]] = {}
        self._fragile: set[int] = set()
        self._steps: Steps = []
        self._recorded = RecordedRows()

    def before_statement(self, connection: Connection, statement: str) -> None:
        """The path is about to send a statement."""
        try:
            capture = self._meet(connection)
            if id(connection) in self._fragile:
                capture.stay()
            if changes_schema(statement):
                self.abandon(connection)
                capture.remove()
                raise NotComparable(f"{first_word(statement)} changes the schema")
            capture.check_statement(statement)
            capture.resume()
        except Exception as problem:  # noqa: BLE001  it breaks no statement of the program
            self._problem(problem)

    def after_statement(self, connection: Connection) -> None:
        """A statement has ended; until the next one the connection may be somebody else's."""
        met = self._met.get(id(connection))
        if met is not None:
            met[1].pause()

    def before_commit(self, connection: Connection) -> None:
        """What is kept stays in the log of the connection."""
        self._fragile.discard(id(connection))

    def after_commit(self, connection: Connection) -> None:
        """The commit succeeded."""
        self._recorded.committed = True

    def after_rollback(self, connection: Connection) -> None:
        """What was rolled back has left the log by itself, maybe with the triggers."""
        met = self._met.get(id(connection))
        if met is not None:
            met[1].stay()

    def before_close(self, connection: Connection) -> None:
        """The log dies with the connection: what it has is kept before."""
        met = self._met.pop(id(connection), None)
        if met is not None:
            self._collect(*met)

    def abandon(self, connection: Connection, why: str = "") -> None:
        """What was changed on a connection cannot be told: somebody else uses it, or the schema changes."""
        if why:
            self._problem(NotComparable(why))
        met = self._met.pop(id(connection), None)
        if met is not None:
            with suppress(Exception):
                met[1].stop()

    def finish(self) -> RecordedRows:
        """The path has ended."""
        recorded = self._recorded
        for connection, capture in self._met.values():
            if self._collect(connection, capture) and in_transaction(connection):
                recorded.pending, recorded.listening = connection, capture
        self._steps.sort(key=lambda step: step[0])
        recorded.changes = net(change for _, change in self._steps)
        return recorded

    def _collect(self, connection: Connection, capture: SqliteCapture) -> bool:
        recorded = self._recorded
        try:
            self._steps += capture.stop()
            recorded.tables |= capture.tables
            if isinstance(recorded.evidence, SqliteMade):
                recorded.evidence.note(connection, capture)
        except Exception as problem:  # noqa: BLE001  it breaks no statement of the program
            self._problem(problem)
            return False
        return True

    def _meet(self, connection: Connection) -> SqliteCapture:
        met = self._met.get(id(connection))
        if met is None:
            capture = self._capture_of(connection)
            if in_transaction(connection):
                self._fragile.add(id(connection))
            met = self._met[id(connection)] = (connection, capture)
            waits = run(connection, "PRAGMA busy_timeout")[0][0]
            run(connection, f"PRAGMA busy_timeout={min(waits, WAITS_MS)}")
            try:
                capture.start()
                if self._recorded.evidence is None:
                    self._recorded.evidence = SqliteMade(connection)
                    self._recorded.sequences = capture.sequences
            finally:
                run(connection, f"PRAGMA busy_timeout={waits}")
        return met[1]

    def _problem(self, problem: Exception) -> None:
        text = (str(problem) or type(problem).__name__).splitlines()[0]
        if text not in self._recorded.problems:
            self._recorded.problems.append(text)


def in_transaction(connection: Connection) -> bool:
    """Whether a transaction is open on a connection of sqlite3, or on what stands for one of aiosqlite."""
    driver: Any = getattr(connection, "driver_connection", connection)
    return bool(driver.in_transaction)
