"""Listening to a path that answers, on every PostgreSQL connection that it uses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from changeover.packs.database.others_writing import moment
from changeover.packs.database.parameter_style import ParameterStyle
from changeover.packs.database.postgres_capture import ROWS_MAX, PostgresCapture
from changeover.packs.database.postgres_made import PostgresMade
from changeover.packs.database.postgres_rows import sqlstate
from changeover.packs.database.postgres_tables import KnownTables
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
_LOOK = "changeover_look"


class PostgresRecording:
    """The row changes of one path. A problem of its own is kept, never raised: the program does not feel it.

    Args:
        side: gives a second connection, in autocommit, while changes are read.
        style: how the driver names values.
        known: tables that were read before; kept from run to run.
        alone: whether no traffic of others can be disturbed: in a test, or in a comparison.
    """

    def __init__(
        self,
        side: Callable[[], AbstractContextManager[Connection]],
        style: ParameterStyle,
        known: KnownTables,
        rows_max: int = ROWS_MAX,
        *,
        alone: bool = False,
    ) -> None:
        self._side = side
        self._style = style
        self._known = known
        self._rows_max = rows_max
        self._alone = alone
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
        self._ending[id(connection)] = self._changed(*self._open.get(id(connection), (connection, [])))

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
        self._open[id(connection)] = (connection, [])
        self._open[id(connection)] = (connection, self._guarded(connection, self._look_before) or [])

    def _look_before(self, connection: Connection) -> list[RowChange]:
        """What the transaction changed before the path: none of it is the path's."""
        if self._recorded.evidence is None:
            self._recorded.evidence = PostgresMade(connection)
            self._recorded.began = moment(connection)
        isolation = run(connection, "SELECT current_setting('transaction_isolation')")[0][0]
        if isolation == "serializable" and not self._alone:
            raise NotComparable("SERIALIZABLE: reading rows of others would make their transactions fail")
        return self._capture(connection)

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
        now = self._guarded(connection, self._capture)
        return [] if now is None else since(base, now)

    def _guarded(
        self, connection: Connection, look: Callable[[Connection], list[RowChange]]
    ) -> list[RowChange] | None:
        """Look in a savepoint: what fails there is a problem of the run, and the transaction goes on.

        None where it failed, or where the transaction has failed already and nothing of it is kept.
        """
        try:
            run(connection, f"SAVEPOINT {_LOOK}")
        except Exception as error:
            if sqlstate(error) != _ABORTED:
                raise
            return None
        found = None
        try:
            found = look(connection)
        except Exception as error:  # noqa: BLE001  whatever the driver raises
            self._problem(error)
            run(connection, f"ROLLBACK TO SAVEPOINT {_LOOK}")
        run(connection, f"RELEASE SAVEPOINT {_LOOK}")
        return found

    def _capture(self, connection: Connection) -> list[RowChange]:
        number = run(connection, "SELECT pg_current_xact_id_if_assigned()::text")[0][0]
        if not number:
            return []
        self._recorded.own_numbers.add(int(number))
        with self._side() as side:
            capture = PostgresCapture(connection, side, self._style, self._known, self._rows_max)
            changes = capture.changes()
        self._recorded.tables |= capture.tables
        if isinstance(self._recorded.evidence, PostgresMade):
            self._recorded.evidence.note(connection, changes, capture.tables)
        return changes

    def _problem(self, problem: Exception) -> None:
        text = (str(problem) or type(problem).__name__).splitlines()[0]
        if text not in self._recorded.problems:
            self._recorded.problems.append(text)
