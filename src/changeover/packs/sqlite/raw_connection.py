"""A connection as the toolkit itself uses it: plain rows, whatever the program makes of them."""

from __future__ import annotations

import sqlite3
from typing import Any
from weakref import ref

from changeover.packs.database.sqlite_capture import SqliteCapture

RAW = "changeover_raw"
"""Under which a connection of the program keeps it, for as long as it lives."""


class RawConnection:
    """Asks the connection of `sqlite3` past what a program has derived from it.

    It keeps no connection open: one that a program drops lets go of its locks at once.

    Args:
        connection: of the program, or the toolkit's own.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = ref(connection)
        self.capture = SqliteCapture(self)

    @property
    def connection(self) -> Any:
        """It, for as long as somebody has it."""
        found = self._connection()
        if found is None:
            raise sqlite3.ProgrammingError("the connection is not there any more")
        return found

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open on it."""
        return bool(vars(sqlite3.Connection)["in_transaction"].__get__(self.connection))

    def cursor(self) -> sqlite3.Cursor:
        """One that gives tuples."""
        return sqlite3.Cursor(self.connection)

    def create_function(self, *args: Any) -> None:
        """Let SQL call a function of the toolkit."""
        sqlite3.Connection.create_function(self.connection, *args)

    def commit(self) -> None:
        """Commit."""
        sqlite3.Connection.commit(self.connection)

    def rollback(self) -> None:
        """Roll back."""
        sqlite3.Connection.rollback(self.connection)

    def close(self) -> None:
        """Close it."""
        sqlite3.Connection.close(self.connection)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def raw_of(connection: Any) -> RawConnection:
    """That of a connection, the same one each time."""
    kept: RawConnection | None = vars(connection).get(RAW)
    if kept is None:
        kept = vars(connection)[RAW] = RawConnection(connection)
    return kept
