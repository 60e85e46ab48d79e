"""Cursors of the program that ask who follows the path under way."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Self

from changeover.packs.database.sqlite_tables import OUR_PREFIX
from changeover.packs.database.timed import timed
from changeover.packs.sqlite.plain import (
    CONNECTION,
    EXECUTE,
    EXECUTE_MANY,
    FETCH_ALL,
    FETCH_ONE,
    IN_TRANSACTION,
    NEXT,
    TOTAL_CHANGES,
)
from changeover.packs.sqlite.settings import setting_of, takes_effect
from changeover.record.context import current_session

BLIND = "{} of sqlite3: what it does is not seen"
MARK = "PRAGMA"
MARK_LENGTH = len(MARK)
RAW = "changeover_raw"
"""Under which a connection keeps what the toolkit asks it by, for as long as it lives."""
NOBODY: AbstractContextManager[Any] = nullcontext()
"""Where nobody has to wait for another thread."""


def _of_cursor(name: str) -> property:
    """The same of a cursor that the program has made."""
    plain = vars(sqlite3.Cursor)[name]

    def get(self: FollowedCursor) -> Any:
        own = self.changeover_set_here()
        return plain.__get__(self) if own is None or (id(self), name) not in own else own[id(self), name]

    def put(self: FollowedCursor, value: Any) -> None:
        own = self.changeover_set_here()
        if own is None:
            plain.__set__(self, value)
        else:
            own[id(self), name] = value

    return property(get, put)


class FollowedCursor(sqlite3.Cursor):
    """A cursor of such a connection.

    `changeover_answer` gives the rows where they were read already; `changeover_owner` is the connection in
    whose name a replay made it.
    """

    changeover_answer: Any = None
    changeover_owner: Any = None
    changeover_is_closed = False
    row_factory = _of_cursor("row_factory")
    arraysize = _of_cursor("arraysize")

    def changeover_set_here(self) -> dict[tuple[int, str], Any] | None:
        """Where a replay keeps what it sets of a cursor of the program; None outside of replays."""
        if self.changeover_owner is not None or current_session() is None:
            return None
        found = self._follower()
        return found.set_here if found is not None and found.replaying else None

    @property
    def connection(self) -> Any:
        """The connection that gave it."""
        return self.changeover_owner or CONNECTION.__get__(self)

    def execute(self, statement: Any, parameters: Any = ()) -> Any:
        """Send a statement."""
        if current_session() is None:  # most are of no run
            lock = self._check_thread()
            self.changeover_answer = None
            if lock is None:
                self._really(EXECUTE, statement, parameters)
            else:
                with lock:
                    self._really(EXECUTE, statement, parameters)
            if statement.lstrip()[:MARK_LENGTH].upper() == MARK:
                self._note_setting(statement)
            return self
        return self._send("execute", statement, parameters)

    def executemany(self, statement: Any, parameters: Any) -> Any:
        """Send a statement for each of these."""
        if current_session() is None:
            with self._check_thread() or NOBODY:
                self.changeover_answer = None
                EXECUTE_MANY(self, statement, parameters)
            return self
        return self._send("executemany", statement, [*parameters])

    def executescript(self, script: str) -> Any:
        """Send several statements, of which none is seen by itself."""
        found = self._follower()
        if found is not None:
            found.cannot_see(BLIND.format("executescript"))
        self._stop_listening()
        return super().executescript(script)

    def close(self) -> None:
        """Close it; in a replay for the replay alone."""
        found = self._follower()
        if found is not None and found.replaying:
            found.close_cursor(self)
            return
        self._check_thread()
        self.changeover_answer, self.changeover_is_closed = None, True
        super().close()

    def fetchone(self) -> Any:
        """The next row."""
        if self.changeover_answer is None and current_session() is None:
            return FETCH_ONE(self)
        here = self._rows()
        return FETCH_ONE(self) if here is None else here.fetchone()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """So many of the next rows."""
        here, size = self._rows(), self.arraysize if size is None else size
        return super().fetchmany(size) if here is None else list(here.fetchmany(size))

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        here = None
        if self.changeover_answer is not None or current_session() is not None:
            here = self._rows()
        return list(FETCH_ALL(self) if here is None else here.fetchall())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        here = None
        if self.changeover_answer is not None or current_session() is not None:
            here = self._rows()
        if here is None:
            return NEXT(self)
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

    def _really(self, act: Callable[..., Any], *args: Any) -> None:
        """Send it as the program's own; what listens on its connection is in nobody's way."""
        try:
            act(self, *args)
        except sqlite3.OperationalError as error:
            if OUR_PREFIX not in str(error) or not self._stop_listening():
                raise
            act(self, *args)

    def _stop_listening(self) -> bool:
        """A statement that changes the schema may be refused for the triggers of the toolkit."""
        raw = getattr(self.connection, "__dict__", {}).get(RAW)
        if raw is None:
            return False
        raw.capture.remove()
        return True

    def _check_thread(self) -> Any | None:
        """Raises the error of `sqlite3` for another thread; the lock of the connection, where it has one."""
        connection = CONNECTION.__get__(self)
        if type(connection) is not sqlite3.Connection:
            connection.changeover_check()
            return connection.changeover_lock
        if self.changeover_owner is not None:  # made in a replay, and kept
            owner, factory = self.changeover_owner, self.row_factory
            owner.changeover_check()
            sqlite3.Cursor.__init__(self, owner)
            self.changeover_owner, self.row_factory = None, factory
        return None

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

    def _rows(self) -> Any | None:
        """What gives its rows, as long as its connection is open."""
        found = self._follower()
        if found is not None and found.replaying:
            found.check(self.connection)
            return found.standing_for(self)
        if self.changeover_answer is not None:
            TOTAL_CHANGES.__get__(self.connection)
        return self.changeover_answer

    def _held(self) -> AbstractContextManager[Any]:
        """Where the toolkit listens on the connection, one thread at a time: see `raw_connection`."""
        return getattr(self.connection, "changeover_lock", None) or NOBODY

    def _note_setting(self, statement: str) -> None:
        connection, name = self.connection, setting_of(statement)
        if name is not None and takes_effect(name, is_open=IN_TRANSACTION.__get__(connection)):
            connection.changeover_settings = {**connection.changeover_settings, name: statement}

    def _send(self, how: str, statement: Any, parameters: Any) -> Any:
        found = self._follower()
        if found is None or not found.replaying:
            self._check_thread()
        is_closed = self.changeover_is_closed or getattr(self.connection, "changeover_is_closed", False)
        if found is None or not isinstance(statement, str) or (not found.replaying and is_closed):
            self.changeover_answer = None
            with self._held():
                getattr(sqlite3.Cursor, how)(self, statement, parameters)
        else:
            with timed(found), NOBODY if found.replaying else self._held():
                found.execute(self, how, statement, parameters)
            if found.replaying:
                return self
        self._note_setting(statement)
        return self


def followed_cursor(factory: type) -> type:
    """The class of cursors that a program wants, followed."""
    return followed_class(FollowedCursor, factory, sqlite3.Cursor)


@cache
def followed_class(ours: type, theirs: Any, plain: type) -> type:
    """The class of a program, followed; what is none is given back, to be refused by `sqlite3`."""
    if theirs is plain or theirs is None:
        return ours
    if not isinstance(theirs, type) or not issubclass(theirs, plain):
        refused: type = theirs  # by sqlite3, or a function
        return refused
    return theirs if issubclass(theirs, ours) else type(theirs.__name__, (theirs, ours), {})
