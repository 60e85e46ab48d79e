"""Rows that were read already, given as the cursor of a program would give them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any
from weakref import ref

from changeover.packs.database.sql_answer import AnswerCursor, SqlAnswer
from changeover.packs.host import outside


class PlainCursor:
    """A cursor as `answer_of` reads it: tuples, and what `sqlite3` says of them."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.description = vars(sqlite3.Cursor)["description"].__get__(cursor)
        self.rowcount = vars(sqlite3.Cursor)["rowcount"].__get__(cursor)
        self.lastrowid = vars(sqlite3.Cursor)["lastrowid"].__get__(cursor)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        factory, self._cursor.row_factory = self._cursor.row_factory, None
        try:
            return sqlite3.Cursor.fetchall(self._cursor)
        finally:
            self._cursor.row_factory = factory


class RowsOf(AnswerCursor):
    """The rows of one answer, each made by the row factory that the cursor has by then.

    Args:
        answer: what the statement gave.
        cursor: that of the program.
    """

    def __init__(self, answer: SqlAnswer, cursor: sqlite3.Cursor) -> None:
        super().__init__()
        self.load(answer)
        described: Any = None if self.description is None else tuple(self.description)
        self.description = described
        self._cursor = ref(cursor)  # which has these rows: it goes when the program lets it go
        self._described: sqlite3.Cursor | None = None
        rows: Iterator[tuple[Any, ...]] = iter(answer.rows)
        self._rows = map(self._made, rows)

    def _made(self, row: tuple[Any, ...]) -> Any:
        cursor = self._cursor()
        factory = None if cursor is None else cursor.row_factory
        return row if factory is None else factory(self._like(), row)

    def _like(self) -> sqlite3.Cursor:
        """A cursor that `sqlite3.Row` takes, with the names of these columns."""
        if self._described is None:
            names = [str(column[0]).replace('"', '""') for column in self.description or ()]
            listed = ", ".join(f'NULL AS "{name}"' for name in names)
            with outside():
                made = sqlite3.Connection(":memory:", check_same_thread=False).cursor()
                self._described = made.execute(f"SELECT {listed or 'NULL'}")
        return self._described
