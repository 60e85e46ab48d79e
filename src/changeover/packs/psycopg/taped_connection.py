"""What a replay has in the place of a connection of psycopg: the library's own object, without libpq.

So cursors, row factories and transactions are those of the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.pq import ConnStatus, ExecStatus

from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.psycopg.states import IDLE, IN_ERROR, IN_TRANSACTION

UNKNOWN = "nobody knows of the connection of a replay what libpq would say of it"
STATUS_ALONE = "the answering path asked a statement for no rows, and this one asks for them"


class TapedPgConn:
    """In the place of what libpq has of a connection.

    Args:
        path: the follower of the replay; None for a connection that no path has yet.
    """

    def __init__(self, path: Any) -> None:
        self.path = path
        self.status = ConnStatus.OK
        self.has_failed = False
        self.connection: Any = None
        self.notice_handler: Any = None
        self.notify_handler: Any = None
        self.pipeline_status = 0
        self.socket = -1
        self.db, self.user, self.host, self.port, self.options = b"", b"", b"", b"", b""
        self.backend_pid, self.server_version = 0, 170000
        self._encoding = "utf-8"

    @property
    def transaction_status(self) -> int:
        """Whether the path has begun a transaction, or was given one, and whether that has failed."""
        if self.path is None or not self.path.is_open(self.connection):
            self.has_failed = False
            return IDLE
        return IN_ERROR if self.has_failed else IN_TRANSACTION

    def finish(self) -> None:
        """Nothing is there."""
        self.status = ConnStatus.BAD


class Taped:
    """What a stand-in has before the class of the program's connections."""

    pgconn: TapedPgConn

    def __del__(self) -> None:
        """It was never open."""

    @property
    def closed(self) -> bool:
        """Whether the path has closed it."""
        return self.pgconn.status == ConnStatus.BAD

    @property
    def broken(self) -> bool:
        """It never is."""
        return False

    @property
    def info(self) -> Any:
        """What libpq says of a connection."""
        if self.pgconn.path is None:
            raise AttributeError(UNKNOWN)
        return SimpleNamespace(transaction_status=self.pgconn.transaction_status, status=self.pgconn.status)

    def _exec_command(self, command: Any, result_format: Any = None) -> Iterator[None]:
        """What psycopg sends by itself."""
        return
        yield

    def fileno(self) -> int:
        """There is none."""
        raise OSError(UNKNOWN)

    def cancel(self) -> None:
        """Nothing is under way."""


class TapedSync(Taped):
    """The same of a connection that is not awaited."""

    def wait(self, gen: Any, *_: Any, **__: Any) -> Any:
        """Nothing is waited for."""
        return _end_of(gen)


class TapedAsync(Taped):
    """The same of one that is awaited."""

    async def wait(self, gen: Any, *_: Any, **__: Any) -> Any:
        """Nothing is waited for."""
        return _end_of(gen)


def _end_of(gen: Any) -> Any:
    try:
        next(gen)
    except StopIteration as end:
        return end.value
    raise RuntimeError(UNKNOWN)


class TapedResult:
    """In the place of a result of libpq."""

    def __init__(self, answer: DriverAnswer) -> None:
        self._answer = answer
        self._kinds: Any = answer.details[1] if len(answer.details) > 1 else ()
        self.has_rows = answer.columns is not None
        self.status = ExecStatus.TUPLES_OK if self.has_rows else ExecStatus.COMMAND_OK
        self.nfields = len(answer.columns or ())
        self.ntuples = len(answer.rows)
        self.command_status = None if answer.status is None else answer.status.encode()

    def fname(self, at: int) -> bytes:
        """The name of a column."""
        return (self._answer.columns or ())[at].encode()

    def ftype(self, at: int) -> int:
        """The number of its type."""
        return int(self._kinds[at][0])

    def fmod(self, at: int) -> int:
        """What is said of the type besides."""
        return int(self._kinds[at][1])

    def fsize(self, at: int) -> int:
        """How long its values are."""
        return int(self._kinds[at][2])


class TapedRows:
    """In the place of what makes values of what the server sends."""

    def __init__(self, rows: tuple[tuple[Any, ...], ...]) -> None:
        self._rows = rows

    def load_row(self, row: int, make_row: Callable[[Any], Any]) -> Any:
        """One row, as the row factory makes it; None behind the last."""
        return make_row(self._rows[row]) if row < len(self._rows) else None

    def load_rows(self, first: int, last: int, make_row: Callable[[Any], Any]) -> list[Any]:
        """The rows between."""
        return [make_row(row) for row in self._rows[first:last]]


def load(cursor: Any, answer: DriverAnswer) -> None:
    """Let a cursor have this answer."""
    cursor._reset()
    result = TapedResult(answer)
    cursor._results, cursor.pgresult = [result], result
    cursor._tx = TapedRows(answer.rows)
    cursor._pos, cursor._rowcount = 0, answer.details[0] if answer.details else -1
    with suppress(AttributeError):  # from psycopg 3.3 on; older ones look at the result
        cursor._statusmessage = result.command_status
    cursor._make_row = cursor._make_row_maker()


def taped_connection(cls: type, path: Any, *, like: Any = None, options: dict[str, Any] | None = None) -> Any:
    """A stand-in of a class of connections.

    Args:
        cls: that of the program's connection.
        path: the follower of the replay; None for one that is exchanged before it is used.
        like: the program's connection; None where there is none.
        options: with which it would have been opened.
    """
    made = _class_for(cls).__new__(_class_for(cls))
    pgconn = TapedPgConn(path)
    _base_of(cls).__init__(made, pgconn)
    pgconn.connection = made
    given = options or {}
    if like is not None:
        given = {name: getattr(like, name) for name in ("row_factory", "cursor_factory")}
        given |= {"autocommit": like._autocommit, "context": like}
    for name in ("row_factory", "cursor_factory"):
        if given.get(name) is not None:
            setattr(made, name, given[name])
    made._autocommit = bool(given.get("autocommit", False))
    if given.get("context") is not None:
        made._adapters = given["context"].adapters
    return made


def is_taped(connection: Any) -> bool:
    """Whether it is a stand-in."""
    return isinstance(connection, Taped)


def _base_of(cls: type) -> Any:
    return AsyncConnection if issubclass(cls, AsyncConnection) else Connection


@lru_cache(maxsize=64)
def _class_for(cls: type) -> Any:
    base = next((one for one in cls.__mro__ if Taped not in one.__mro__), Connection)
    before = TapedAsync if issubclass(cls, AsyncConnection) else TapedSync
    return type(base.__name__, (before, base), {"__module__": base.__module__})
