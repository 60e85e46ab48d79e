"""What every replay of a path on `sqlite3` has: cursors that stand for those of the program."""

from __future__ import annotations

import sqlite3
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from changeover.packs.host import outside
from changeover.packs.sqlite.connection import FollowedConnection, FollowedCursor
from changeover.packs.sqlite.followed_file import FollowedFile
from changeover.packs.sqlite.statement_words import begins, ends, opens_implicitly

CLOSED = "Cannot operate on a closed database."
OTHERS = (
    "a transaction was open on one connection while another one was used: one copy of the database cannot be "
    "turned back for each"
)


class ReplayOnFile(FollowedFile):
    """A replay reaches no database by the program's own connections: the subclass says what it reaches."""

    def __init__(self, name: str, database: str | None, channel: Any, session: Any) -> None:
        super().__init__(name, database, channel, session)
        self.is_over = False
        self._shell: sqlite3.Connection | None = None
        self._standing: WeakKeyDictionary[FollowedCursor, Any] = WeakKeyDictionary()
        self._closed: WeakSet[FollowedConnection] = WeakSet()
        self._explicit: WeakSet[FollowedConnection] = WeakSet()
        self._open_on: int | None = None  # until that connection is dropped, too

    def cursor(self, connection: FollowedConnection, factory: type[sqlite3.Cursor]) -> Any:
        """A cursor of the class that the program wants, on nothing."""
        self._check(connection)
        if self._shell is None:
            with outside():
                self._shell = sqlite3.Connection(":memory:", check_same_thread=False)
        made: Any = factory(self._shell)
        made.changeover_owner, made.row_factory = connection, connection.row_factory
        return made

    def standing_for(self, cursor: FollowedCursor) -> Any | None:
        """What gives its rows; of a cursor on which this replay sent nothing there are none."""
        return self._standing.get(cursor, _NOTHING)

    def stand(self, cursor: FollowedCursor, rows: Any) -> None:
        """Let these be the rows of a cursor."""
        self._standing[cursor] = rows

    def execute(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Send a statement, or give what it gave."""
        connection = cursor.connection
        self._check(connection)
        self.meet(connection.changeover_path)
        if self._open_on not in (None, id(connection)):
            self.cannot_see(OTHERS)
        ending = ends(statement)
        if ending is not None:
            self.stand(cursor, _NOTHING)
            self._explicit.discard(connection)
            getattr(self, ending)(connection)
            return
        if begins(statement):
            self._explicit.add(connection)
        self.send(cursor, how, statement, parameters)

    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """A statement that ends no transaction."""
        raise NotImplementedError

    def commit(self, connection: FollowedConnection) -> None:
        """Commit, where the path can see it."""
        raise NotImplementedError

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back, likewise."""
        raise NotImplementedError

    def is_open(self, connection: FollowedConnection) -> bool:
        """Whether the replay has a transaction open on it."""
        return self._open_on == id(connection)

    def close(self, connection: FollowedConnection) -> None:
        """A connection of the program stays open; for the path it is closed."""
        if self.is_open(connection):
            self.rollback(connection)
        self._closed.add(connection)

    def drop(self, connection: FollowedConnection) -> None:
        """As `sqlite3` closes a connection that nobody has any more."""
        if not self.is_over:
            self.close(connection)

    def opens(self, connection: FollowedConnection, statement: str) -> bool:
        """Whether a transaction is open when the statement has ended, as `sqlite3` opens one by itself."""
        implicitly = connection.isolation_level is not None and opens_implicitly(statement)
        return connection in self._explicit or implicitly or begins(statement)

    def _check(self, connection: FollowedConnection) -> None:
        if connection in self._closed:
            raise sqlite3.ProgrammingError(CLOSED)


class _Nothing:
    """A cursor on which nothing was sent."""

    description = None
    rowcount = -1
    lastrowid = None

    def fetchone(self) -> None:
        """No row."""

    def fetchmany(self, size: int = 1) -> list[Any]:
        """No rows."""
        return []

    def fetchall(self) -> list[Any]:
        """No rows."""
        return []


_NOTHING = _Nothing()
