"""Listening to a path that answers, on every PostgreSQL connection that it uses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from changeover.packs.database.parameter_style import ParameterStyle
from changeover.packs.database.postgres_capture import ROWS_MAX, PostgresCapture
from changeover.packs.database.postgres_made import PostgresMade
from changeover.packs.database.postgres_rows import sqlstate
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable, RowChange, net, since
from changeover.packs.database.statement import Connection, run
from changeover.packs.database.statement_kind import (
    can_be_wrapped,
    changes_schema,
    first_word,
    is_harmless,
)

_ABORTED = "25P02"


class PostgresRecording:
    """The row changes of one path. A problem of its own is kept, never raised: the program does not feel it.

    Args:
        side: gives a second connection, in autocommit, while changes are read.
        style: how the driver names values.
    """

    def __init__(
        self,
        side: Callable[[], AbstractContextManager[Connection]],
        style: ParameterStyle,
        rows_max: int = ROWS_MAX,
    ) -> None:
        self._side = side
        self._style = style
        self._rows_max = rows_max
        self._open: dict[int, tuple[Connection, list[RowChange]]] = {}
        self._ending: dict[int, list[RowChange]] = {}
        self._wrapped: set[int] = set()
        self._changes: list[RowChange] = []
        self._recorded = RecordedRows()

    def before_statement(self, connection: Connection, statement: str, *, alone: bool = False) -> None:
        """The path is about to send a statement.

        Args:
            alone: whether it is a transaction of its own.
        """
        try:
            if changes_schema(statement):
                raise NotComparable(f"{first_word(statement)} changes the schema")
            if alone:
                self._wrap(connection, statement)
            if id(connection) not in self._open and not is_harmless(statement):
                self._meet(connection)
        except NotComparable as problem:
            self._problem(problem)

    def after_statement(self, connection: Connection) -> None:
        """A statement has ended; one that was its own transaction is committed."""
        if id(connection) in self._wrapped:
            self.before_commit(connection)
            self._wrapped.discard(id(connection))
            run(connection, "COMMIT")
            self.after_commit(connection)

    def statement_failed(self, connection: Connection) -> None:
        """A statement has failed; one that was its own transaction left nothing."""
        if id(connection) in self._wrapped:
            self._wrapped.discard(id(connection))
            run(connection, "ROLLBACK")
            self.after_rollback(connection)

    def before_commit(self, connection: Connection) -> None:
        """The path is about to commit: its rows can still be told from those of others."""
        met = self._open.get(id(connection))
        if met is not None:
            self._ending[id(connection)] = self._changed(*met)

    def after_commit(self, connection: Connection) -> None:
        """The commit succeeded: what was changed is kept."""
        self._recorded.committed = True
        self._changes += self._ending.pop(id(connection), [])
        self._open.pop(id(connection), None)

    def after_rollback(self, connection: Connection) -> None:
        """What was changed on this connection was not."""
        self._ending.pop(id(connection), None)
        self._open.pop(id(connection), None)

    def finish(self) -> RecordedRows:
        """The path has ended; a transaction that is still open is its caller's to end."""
        recorded = self._recorded
        for connection, base in list(self._open.values()):
            changed = self._changed(connection, base)
            self._changes += changed
            recorded.pending = connection if changed or base else recorded.pending
        recorded.changes = net(self._changes)
        return recorded

    def _meet(self, connection: Connection) -> None:
        recorded = self._recorded
        recorded.connection = connection
        self._open[id(connection)] = (connection, [])
        try:
            if recorded.evidence is None:
                recorded.evidence = PostgresMade(connection)
            self._open[id(connection)] = (connection, self._capture(connection))
        except NotComparable as problem:
            self._problem(problem)
        except Exception as error:
            if sqlstate(error) != _ABORTED:
                raise

    def _wrap(self, connection: Connection, statement: str) -> None:
        if is_harmless(statement):
            return
        if not can_be_wrapped(statement):
            raise NotComparable(
                f"{first_word(statement)} is a transaction of its own, whose changes are not seen"
            )
        run(connection, "BEGIN")
        self._wrapped.add(id(connection))

    def _changed(self, connection: Connection, base: list[RowChange]) -> list[RowChange]:
        try:
            return since(base, self._capture(connection))
        except NotComparable as problem:
            self._problem(problem)
        except Exception as error:
            if sqlstate(error) != _ABORTED:
                raise
        return []

    def _capture(self, connection: Connection) -> list[RowChange]:
        if not run(connection, "SELECT pg_current_xact_id_if_assigned()::text")[0][0]:
            return []
        with self._side() as side:
            capture = PostgresCapture(connection, side, self._style, self._rows_max)
            changes = capture.changes()
        self._recorded.tables |= capture.tables
        if isinstance(self._recorded.evidence, PostgresMade):
            self._recorded.evidence.note(connection)
        return changes

    def _problem(self, problem: NotComparable) -> None:
        if str(problem) not in self._recorded.problems:
            self._recorded.problems.append(str(problem))
