"""Connections and cursors of the program that ask who follows the path under way.

Outside of runs they do what those of `sqlite3` do. In a replay the same object stands for the copy of its
database, so that a connection which a path finds in a module, an object or its arguments needs no exchange.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import cache
from threading import get_ident
from types import MappingProxyType
from typing import Any, Protocol, Self

from changeover.packs.database.timed import timed
from changeover.packs.host import follower_where
from changeover.record.context import current_session

BLIND = "{} of sqlite3: what it does is not seen"
OTHER_THREAD = (
    "SQLite objects created in a thread can only be used in that same thread. "
    "The object was created in thread id {} and this is thread id {}."
)
REGISTERING = ("create_function", "create_aggregate", "create_collation", "create_window_function")
UNSEEN = ("executescript", "blobopen", "deserialize", "load_extension", "set_authorizer", "backup")


class Follower(Protocol):
    """What is done around one path; `set_here` has the attributes of connections that a replay has set."""

    replaying: bool
    set_here: dict[tuple[int, str], Any]

    def covers_file(self, path: str) -> bool:
        """Whether it follows the path on this database."""

    def cursor(self, connection: FollowedConnection, factory: type[sqlite3.Cursor]) -> Any:
        """A cursor for a replay."""

    def execute(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Send a statement, or what stands for it."""

    def commit(self, connection: FollowedConnection) -> None:
        """Commit."""

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back."""

    def close(self, connection: FollowedConnection) -> None:
        """Close the connection."""

    def drop(self, connection: FollowedConnection) -> None:
        """The path has let go of a connection that it opened, without closing it."""

    def standing_for(self, cursor: FollowedCursor) -> Any | None:
        """What gives the rows of a cursor in a replay; None where nothing was sent on it."""

    def is_open(self, connection: FollowedConnection) -> bool:
        """Whether a transaction is open on it in a replay."""

    def cannot_see(self, what: str) -> Any:
        """The run cannot be compared."""


def follower_of_file(path: str) -> Any | None:
    """Who follows the path under way on this database; None outside of runs."""
    return follower_where(lambda one: _covers(one, path))


def _covers(follower: Any, path: str) -> bool:
    covers: Callable[[str], bool] | None = getattr(follower, "covers_file", None)
    return covers is not None and covers(path)


def _is_of_class(name: str) -> property:
    """An attribute of C that a replay sets and reads beside the program's own."""
    plain = vars(sqlite3.Connection)[name]

    def get(self: FollowedConnection) -> Any:
        found = self.changeover_follower()
        own = None if found is None or not found.replaying else found.set_here
        return plain.__get__(self) if own is None or (id(self), name) not in own else own[id(self), name]

    def put(self: FollowedConnection, value: Any) -> None:
        found = self.changeover_follower()
        if found is None or not found.replaying or self.changeover_made_by is found:
            plain.__set__(self, value)
        else:
            found.set_here[id(self), name] = value

    return property(get, put)


class FollowedConnection(sqlite3.Connection):
    """A connection to a database that a pack covers.

    `changeover_path` is the file, `changeover_options` what the connection was opened with,
    `changeover_made_by` the follower of the path that opened it, None outside of runs. `changeover_thread` is
    the only one that may use it, None where all may: the toolkit looks into it from others, so that this is
    checked here and not in C.
    """

    changeover_path = ""
    changeover_options: Mapping[str, Any] = MappingProxyType({})
    changeover_made_by: Any = None
    changeover_thread: int | None = None

    def changeover_check(self) -> None:
        """Raises ProgrammingError in a thread that may not use it, as `sqlite3` does."""
        if self.changeover_thread not in (None, get_ident()):
            raise sqlite3.ProgrammingError(OTHER_THREAD.format(self.changeover_thread, get_ident()))

    def changeover_follower(self) -> Any | None:
        """Who follows the path under way on this database."""
        path = self.changeover_path
        return follower_of_file(path) if path else None

    row_factory = _is_of_class("row_factory")
    text_factory = _is_of_class("text_factory")
    isolation_level = _is_of_class("isolation_level")

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        """A cursor that is followed as well."""
        made = FollowedCursor if factory is sqlite3.Cursor else followed_cursor(factory)
        found = None if current_session() is None else self.changeover_follower()
        if found is not None and found.replaying:  # in whichever thread
            return found.cursor(self, made)
        self.changeover_check()
        return _CURSOR(self, made)

    def execute(self, *args: Any) -> Any:
        """As `sqlite3` does it, by a cursor of its own."""
        return self.cursor().execute(*args)

    def executemany(self, *args: Any) -> Any:
        """The same."""
        return self.cursor().executemany(*args)

    def executescript(self, script: str) -> Any:
        """The same."""
        return self.cursor().executescript(script)

    def commit(self) -> None:
        """Commit, for whoever does it."""
        self._end("commit")

    def rollback(self) -> None:
        """Roll back."""
        self._end("rollback")

    def close(self) -> None:
        """Close the connection."""
        self._end("close")

    def __del__(self) -> None:
        made_by = self.changeover_made_by
        if made_by is not None:
            made_by.drop(self)

    def __enter__(self) -> FollowedConnection:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        """As `sqlite3` does it in C, past its own methods."""
        if kind is None:
            try:
                self.commit()
            except BaseException:
                self.rollback()
                raise
        else:
            self.rollback()
        return False

    @property
    def in_transaction(self) -> bool:
        """Whether one is open here."""
        found = self.changeover_follower()
        if found is not None and found.replaying:
            return bool(found.is_open(self))
        return bool(_IN_TRANSACTION.__get__(self))

    @property
    def total_changes(self) -> int:
        """Of the program's connection alone."""
        found = self.changeover_follower()
        if found is not None:
            found.cannot_see(BLIND.format("total_changes"))
        return int(_TOTAL_CHANGES.__get__(self))

    def _end(self, how: str) -> None:
        found = self.changeover_follower()
        if found is None or not found.replaying:
            self.changeover_check()
        if found is None:
            getattr(sqlite3.Connection, how)(self)
            return
        with timed(found):
            getattr(found, how)(self)


_CURSOR: Any = sqlite3.Connection.cursor
_IN_TRANSACTION: Any = vars(sqlite3.Connection)["in_transaction"]
_TOTAL_CHANGES: Any = vars(sqlite3.Connection)["total_changes"]


def _registering(name: str) -> Callable[..., Any]:
    """What a program registers is known to a copy of its database as well."""
    plain = getattr(sqlite3.Connection, name)

    def register(self: FollowedConnection, *args: Any, **kwargs: Any) -> Any:
        found = self.changeover_follower()
        if found is not None and found.replaying and self.changeover_made_by is not found:
            return found.cannot_see(BLIND.format(name))
        done = plain(self, *args, **kwargs)
        self.__dict__.setdefault("changeover_registered", []).append((name, args, kwargs))
        return done

    return register


def _unseen(name: str) -> Callable[..., Any]:
    plain = getattr(sqlite3.Connection, name)

    def act(self: FollowedConnection, *args: Any, **kwargs: Any) -> Any:
        found = self.changeover_follower()
        if found is not None:
            found.cannot_see(BLIND.format(name))
        return plain(self, *args, **kwargs)

    return act


for _name in REGISTERING:
    if hasattr(sqlite3.Connection, _name):
        setattr(FollowedConnection, _name, _registering(_name))
for _name in UNSEEN[1:]:
    if hasattr(sqlite3.Connection, _name):
        setattr(FollowedConnection, _name, _unseen(_name))


class FollowedCursor(sqlite3.Cursor):
    """A cursor of such a connection.

    `changeover_answer` gives the rows where they were read already; `changeover_owner` is the connection in
    whose name a replay made it.
    """

    changeover_answer: Any = None
    changeover_owner: Any = None

    @property
    def connection(self) -> Any:
        """The connection that gave it."""
        return self.changeover_owner or _CONNECTION.__get__(self)

    def execute(self, statement: Any, parameters: Any = ()) -> Any:
        """Send a statement."""
        if current_session() is None:  # most are of no run
            self._check_thread()
            self.changeover_answer = None
            return _EXECUTE(self, statement, parameters)
        return self._send("execute", statement, parameters)

    def executemany(self, statement: Any, parameters: Any) -> Any:
        """Send a statement for each of these."""
        if current_session() is None:
            self._check_thread()
            self.changeover_answer = None
            return _EXECUTE_MANY(self, statement, parameters)
        return self._send("executemany", statement, [*parameters])

    def executescript(self, script: str) -> Any:
        """Send several statements, of which none is seen by itself."""
        found = self._follower()
        if found is not None:
            found.cannot_see(BLIND.format("executescript"))
        return super().executescript(script)

    def fetchone(self) -> Any:
        """The next row."""
        if self.changeover_answer is None and current_session() is None:
            return _FETCH_ONE(self)
        here = self._here()
        return _FETCH_ONE(self) if here is None else here.fetchone()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """So many of the next rows."""
        here, size = self._here(), self.arraysize if size is None else size
        return super().fetchmany(size) if here is None else list(here.fetchmany(size))

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        here = None
        if self.changeover_answer is not None or current_session() is not None:
            here = self._here()
        return list(_FETCH_ALL(self) if here is None else here.fetchall())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        here = None
        if self.changeover_answer is not None or current_session() is not None:
            here = self._here()
        if here is None:
            return _NEXT(self)
        row = here.fetchone()
        if row is None:
            raise StopIteration
        return row

    @property
    def description(self) -> Any:
        """The columns of the rows."""
        return self._of("description")

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        found: int = self._of("rowcount")
        return found

    @property
    def lastrowid(self) -> Any:
        """The id of the row that was made last."""
        return self._of("lastrowid")

    def _check_thread(self) -> None:
        connection = _CONNECTION.__get__(self)
        if type(connection) is not sqlite3.Connection:
            connection.changeover_check()

    def _of(self, name: str) -> Any:
        here = self._here()
        return vars(sqlite3.Cursor)[name].__get__(self) if here is None else getattr(here, name)

    def _follower(self) -> Any | None:
        follower: Callable[[], Any] | None = getattr(self.connection, "changeover_follower", None)
        return None if follower is None else follower()

    def _here(self) -> Any | None:
        found = self._follower()
        if found is not None and found.replaying:
            return found.standing_for(self)
        return self.changeover_answer

    def _send(self, how: str, statement: Any, parameters: Any) -> Any:
        found = self._follower()
        if found is None or not found.replaying:
            self._check_thread()
        if found is None:
            self.changeover_answer = None
            getattr(sqlite3.Cursor, how)(self, statement, parameters)
            return self
        with timed(found):
            found.execute(self, how, statement, parameters)
        return self


_CONNECTION: Any = vars(sqlite3.Cursor)["connection"]
_EXECUTE: Any = sqlite3.Cursor.execute
_EXECUTE_MANY: Any = sqlite3.Cursor.executemany
_FETCH_ONE: Any = sqlite3.Cursor.fetchone
_FETCH_ALL: Any = sqlite3.Cursor.fetchall
_NEXT: Any = sqlite3.Cursor.__next__


@cache
def followed_connection(factory: type) -> type:
    """The class of connections that a program wants, followed."""
    return _both(FollowedConnection, factory, sqlite3.Connection)


@cache
def followed_cursor(factory: type) -> type:
    """The class of cursors that a program wants, followed."""
    return _both(FollowedCursor, factory, sqlite3.Cursor)


def _both(ours: type, theirs: Any, plain: type) -> type:
    if theirs is plain or theirs is None:
        return ours
    if not isinstance(theirs, type) or not issubclass(theirs, plain):
        return theirs  # refused by sqlite3
    return theirs if issubclass(theirs, ours) else type(theirs.__name__, (theirs, ours), {})
