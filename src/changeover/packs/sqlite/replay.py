"""What every replay of a path on `sqlite3` has: cursors that stand for those of the program."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from changeover.packs.host import outside
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.cursor import FollowedCursor
from changeover.packs.sqlite.followed_file import FollowedFile
from changeover.packs.sqlite.settings import setting_of, takes_effect
from changeover.packs.sqlite.statement_words import begins, ends, opens_implicitly, savepoint_in

CLOSED = "Cannot operate on a closed database."
CLOSED_CURSOR = "Cannot operate on a closed cursor."
OTHERS = (
    "a transaction was open on one connection while another one was used: one copy of the database cannot be "
    "turned back for each"
)


class ReplayOnFile(FollowedFile, ABC):
    """A replay reaches no database by the program's own connections: the subclass says what it reaches."""

    def __init__(self, name: str, database: str | None, channel: Any, session: Any) -> None:
        super().__init__(name, database, channel, session)
        self.is_over = False
        self._shell: sqlite3.Connection | None = None
        self._standing: WeakKeyDictionary[FollowedCursor, Any] = WeakKeyDictionary()
        self._closed: WeakSet[FollowedConnection] = WeakSet()
        self._explicit: WeakSet[FollowedConnection] = WeakSet()
        self._open_on: int | None = None  # until that connection is dropped, too
        self._savepoints: list[str] = []  # where the first of them has opened the transaction
        self._set: WeakKeyDictionary[FollowedConnection, dict[str, str]] = WeakKeyDictionary()

    def cursor(self, connection: FollowedConnection, factory: type[sqlite3.Cursor]) -> Any:
        """A cursor of the class that the program wants, on nothing."""
        self.check(connection)
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
        """Let these be the rows of a cursor, which keeps the id that it made last."""
        before = self._standing.get(cursor)
        if rows.lastrowid is None and before is not None and before.lastrowid is not None:
            rows.lastrowid = before.lastrowid
        self._standing[cursor] = rows

    def close_cursor(self, cursor: FollowedCursor) -> None:
        """It gives nothing more to the path; the program's own stays as it is."""
        self._standing[cursor] = _Closed(self.standing_for(cursor))

    def execute(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Send a statement, or give what it gave."""
        connection = cursor.connection
        self.check(connection)
        if isinstance(self._standing.get(cursor), _Closed):
            raise sqlite3.ProgrammingError(CLOSED_CURSOR)
        self.meet(connection.changeover_path)
        if self._open_on not in (None, id(connection)):
            self.cannot_see(OTHERS)
        ending = ends(statement)
        if ending is not None:
            self.stand(cursor, _Nothing())
            getattr(self, ending)(connection)
            return
        is_last, was_open = self._is_last(connection, statement), self.is_open(connection)
        self.send(cursor, how, statement, parameters)
        if begins(statement):
            self._explicit.add(connection)
        if not is_last:
            self._note_savepoint(statement, was_open=was_open)
        else:
            self.released(connection)
        setting = setting_of(statement)
        if setting is not None and takes_effect(setting, is_open=was_open):
            settings = {**self.settings(connection), setting: statement}
            self._set[connection] = settings
            if connection.changeover_opens is not None:
                connection.changeover_settings = settings

    @abstractmethod
    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """A statement that ends no transaction."""

    @abstractmethod
    def commit(self, connection: FollowedConnection) -> None:
        """Commit, where the path can see it."""

    @abstractmethod
    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back, likewise."""

    def released(self, connection: FollowedConnection) -> None:
        """The savepoint is gone that had opened the transaction, which is committed by that."""
        self.has_ended(connection)

    def settings(self, connection: FollowedConnection) -> dict[str, str]:
        """What a connection is set to in this replay."""
        return self._set.get(connection) or {**connection.changeover_settings}

    def has_ended(self, connection: FollowedConnection) -> None:
        """No transaction is open on it any more."""
        self._explicit.discard(connection)
        if self.is_open(connection):
            self._open_on = None
            self._savepoints.clear()

    def is_open(self, connection: FollowedConnection) -> bool:
        """Whether the replay has a transaction open on it."""
        return self._open_on == id(connection)

    def close(self, connection: FollowedConnection) -> None:
        """A connection of the program stays open; for the path it is closed."""
        if connection in self._closed:
            return
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
        named = savepoint_in(statement)
        return (
            self.is_open(connection)
            or connection in self._explicit
            or implicitly
            or begins(statement)
            or (named is not None and named[0] == "SAVEPOINT")
        )

    def _is_last(self, connection: FollowedConnection, statement: str) -> bool:
        """Whether it releases the savepoint by which the transaction was opened."""
        named = savepoint_in(statement)
        is_release = named is not None and named[0] == "RELEASE" and self.is_open(connection)
        return (
            is_release
            and named is not None
            and named[1] in self._savepoints[:1]
            and (self._savepoints.count(named[1]) == 1)
        )

    def _note_savepoint(self, statement: str, *, was_open: bool) -> None:
        named = savepoint_in(statement)
        if named is None:
            return
        word, name = named
        if word == "SAVEPOINT":
            if self._savepoints or not was_open:
                self._savepoints.append(name)
        elif name in self._savepoints:
            place = len(self._savepoints) - 1 - self._savepoints[::-1].index(name)
            del self._savepoints[place + (word == "ROLLBACK") :]

    def check(self, connection: FollowedConnection) -> None:
        """Raises ProgrammingError where the path has closed it."""
        if connection in self._closed:
            raise sqlite3.ProgrammingError(CLOSED)


class _Closed:
    """A cursor that the path has closed: it says what it said, and gives no rows."""

    def __init__(self, before: Any) -> None:
        self.description = before.description
        self.rowcount, self.lastrowid = before.rowcount, before.lastrowid

    def fetchone(self) -> Any:
        """Raises ProgrammingError."""
        raise sqlite3.ProgrammingError(CLOSED_CURSOR)

    def fetchmany(self, size: int = 1) -> Any:
        """Raises ProgrammingError."""
        raise sqlite3.ProgrammingError(CLOSED_CURSOR)

    def fetchall(self) -> Any:
        """Raises ProgrammingError."""
        raise sqlite3.ProgrammingError(CLOSED_CURSOR)


class _Nothing:
    """A cursor on which nothing was sent."""

    description = None
    rowcount = -1
    lastrowid: Any = None

    def fetchone(self) -> None:
        """No row."""

    def fetchmany(self, size: int = 1) -> list[Any]:
        """No rows."""
        return []

    def fetchall(self) -> list[Any]:
        """No rows."""
        return []


_NOTHING = _Nothing()
