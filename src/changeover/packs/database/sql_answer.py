"""What a statement gave, and a cursor that gives it once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from typing import Any

from changeover.quick_dataclass import dataclass


@dataclass(frozen=True)
class SqlAnswer:
    """What a statement gave.

    Args:
        columns: name and type code of each; None where it gives no rows.
        rows: all of them.
        rowcount: how many rows it changed, -1 where the driver does not say.
        lastrowid: the id of the row that it made, where the driver says so.
    """

    columns: tuple[tuple[str, Any], ...] | None
    rows: tuple[tuple[Any, ...], ...]
    rowcount: int
    lastrowid: Any


NOTHING = SqlAnswer(None, (), -1, None)
"""What a statement gives that neither reads nor changes a row."""


def answer_of(cursor: Any) -> SqlAnswer:
    """Everything that a cursor has to give."""
    columns, rows = None, tuple[tuple[Any, ...], ...]()
    if cursor.description:
        columns = tuple((column[0], _code(column[1])) for column in cursor.description)
        rows = tuple(map(tuple, cursor.fetchall()))
    return SqlAnswer(columns, rows, cursor.rowcount, _code(getattr(cursor, "lastrowid", None)))


class AnswerCursor:
    """A cursor that gives an answer which is there already.

    Args:
        real: the driver's own, closed with this one; None in a replay.
        connection: that of a replay, which some dialects look at.
    """

    arraysize = 1

    def __init__(self, real: Any = None, connection: Any = None) -> None:
        self._real = real
        self.connection = connection if real is None else getattr(real, "connection", None)
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.lastrowid: Any = None

    def load(self, answer: SqlAnswer) -> None:
        """Give this answer from now on."""
        self._rows = iter(answer.rows)
        self.rowcount, self.lastrowid = answer.rowcount, answer.lastrowid
        described = answer.columns
        self.description = None if described is None else [(*column, *(None,) * 5) for column in described]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None behind the last."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """So many of the next rows."""
        return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def setinputsizes(self, *_: Any) -> None:
        """Sizes are the driver's affair."""

    async def _async_soft_close(self) -> None:
        """Let the driver's own go, as SQLAlchemy asks where an answer is read whole; it may ask later."""
        if self._real is not None:
            await self._real._async_soft_close()

    def close(self) -> None:
        """Give nothing more."""
        self._rows = iter(())
        if self._real is not None:
            self._real.close()

    def __getattr__(self, name: str) -> Any:
        if self._real is None:
            raise AttributeError(name)
        return getattr(self._real, name)


class TapeConnection:
    """What a replay has in the place of a connection: it sets and ends nothing, and gives empty cursors.

    Args:
        like: the program's own connection, where it has one here.
    """

    autocommit = False
    isolation_level = ""
    closed = 0
    broken = False
    notices: tuple[str, ...] = ()

    def __init__(self, like: Any = None) -> None:
        self._like = like

    def getlimit(self, category: int) -> int:
        """How much SQLite takes at once, as the program's connection says; Django asks."""
        with suppress(Exception):  # another kind of database, or one of another thread
            return int(self._like.getlimit(category))
        from sqlite3 import connect  # only programs with SQLite ask

        with closing(connect(":memory:")) as usual:
            return usual.getlimit(category)

    @property
    def _connection(self) -> TapeConnection:
        """Where the connection of an async driver is looked for, after an error."""
        return self

    def is_closed(self) -> bool:
        """As an async driver says it."""
        return False

    def cursor(self, *_: Any, **__: Any) -> AnswerCursor:
        """A cursor for an answer of the tape."""
        return AnswerCursor(connection=self)

    def commit(self) -> None:
        """Nothing is there."""

    def rollback(self) -> None:
        """Nothing is there."""

    def close(self) -> None:
        """Nothing is there."""


def _code(value: Any) -> Any:
    return value if isinstance(value, (int, str, bytes)) else None
