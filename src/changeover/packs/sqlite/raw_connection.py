"""A connection as the toolkit itself uses it: plain rows, whatever the program makes of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from threading import RLock
from typing import Any
from weakref import ref

from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.sqlite.cursor import RAW
from changeover.packs.sqlite.plain import CONNECTION, IN_TRANSACTION, TEXT_FACTORY


class RawConnection:
    """Asks the connection of `sqlite3` past what a program has derived from it.

    It keeps no connection open: one that a program drops lets go of its locks at once.

    Args:
        connection: of the program, or the toolkit's own.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = ref(connection)
        self.capture = SqliteCapture(self)
        self._path: ref[Any] | None = None
        # A trigger asks a function in Python, which waits for the interpreter while SQLite holds the
        # connection. Whoever has the interpreter and asks the connection at that moment would wait for ever.
        self.lock = RLock()

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
        return bool(IN_TRANSACTION.__get__(self.connection))

    def is_shared_by(self, path: Any) -> bool:
        """Whether another path, which is not over, uses it as well; both cannot be compared then."""
        other = None if self._path is None else self._path()
        if other is None or other is path or other.is_over:
            self._path = ref(path)
            return False
        other.share(self)
        return True

    def cursor(self, factory: Any = None) -> sqlite3.Cursor:
        """One that gives tuples, of texts where the toolkit itself asks."""
        found: sqlite3.Cursor = (factory or _PlainTexts)(self.connection)
        return found

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


class _PlainTexts(sqlite3.Cursor):
    """A cursor whose texts are `str`, whatever the program makes of those of its connection."""

    def execute(self, *args: Any) -> Any:
        """Send a statement."""
        return self._plainly(lambda: sqlite3.Cursor.execute(self, *args))

    def fetchall(self) -> list[Any]:
        """All rows."""
        found: list[Any] = self._plainly(lambda: sqlite3.Cursor.fetchall(self))
        return found

    def _plainly(self, act: Callable[[], Any]) -> Any:
        connection = CONNECTION.__get__(self)
        with raw_of(connection).lock:
            return self._as_texts(connection, act)

    @staticmethod
    def _as_texts(connection: Any, act: Callable[[], Any]) -> Any:
        given = TEXT_FACTORY.__get__(connection)
        if given is str:
            return act()
        TEXT_FACTORY.__set__(connection, str)
        try:
            return act()
        finally:
            TEXT_FACTORY.__set__(connection, given)


def raw_of(connection: Any) -> RawConnection:
    """That of a connection, the same one each time."""
    kept: RawConnection | None = vars(connection).get(RAW)
    if kept is None:
        kept = vars(connection)[RAW] = RawConnection(connection)
        if hasattr(type(connection), "changeover_lock"):
            connection.changeover_lock = kept.lock
    return kept
