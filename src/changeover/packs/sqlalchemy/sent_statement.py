"""A statement as an engine sends it, and what the driver gave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from changeover.packs.database.statement_kind import first_word, is_harmless
from changeover.quick_dataclass import dataclass

_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE)\s", re.IGNORECASE)
_READS = frozenset({"SELECT", "VALUES", "TABLE", "WITH"})
_LOCKING = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)


class SentStatement(NamedTuple):
    """What the functions of a dialect are called with.

    Args:
        cursor: of the driver, or what stands for one.
        text: as the driver gets it.
        parameters: of one call, or a list of them.
        context: of the execution, as SQLAlchemy makes it.
        fairy: the connection as it came from the pool.
    """

    cursor: Any
    text: str
    parameters: Any
    context: Any
    fairy: Any

    @property
    def kind(self) -> Literal["read", "write", "session"]:
        """Whether it asks, changes something, or sets something of its own connection alone."""
        if is_harmless(self.text):
            return "session"
        reads = first_word(self.text) in _READS and not _WRITES.search(_LOCKING.sub("", self.text))
        return "read" if reads else "write"

    @property
    def key(self) -> tuple[str, Any]:
        """Text and parameters in one form for all drivers."""
        return " ".join(self.text.split()), _plain(self.parameters)


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
        return [row for row, _ in zip(self._rows, range(size), strict=False)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return list(self._rows)

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


def _code(value: Any) -> Any:
    return value if isinstance(value, (int, str, bytes)) else None


def _plain(parameters: Any) -> Any:
    """Parameters without the types in which drivers wrap them."""
    if isinstance(parameters, dict):
        return {name: _plain(value) for name, value in parameters.items()}
    if isinstance(parameters, (list, tuple)):
        return tuple(_plain(value) for value in parameters)
    wrapped = getattr(parameters, "obj", None)
    return wrapped if type(parameters).__module__.startswith("psycopg.types") else parameters
