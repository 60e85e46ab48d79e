"""A PostgreSQL database as it was before a path, inside a transaction that is never committed."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

from changeover.packs.database.copy_connection import KEPT, TIME_IS_UP, Around, CopyConnection, directly
from changeover.packs.database.others_writing import moment, others_wrote
from changeover.packs.database.parameter_style import ParameterStyle
from changeover.packs.database.postgres_capture import ROWS_MAX, PostgresCapture
from changeover.packs.database.postgres_counters import Numbered, set_back, wait_for_other_copies
from changeover.packs.database.postgres_made import PostgresMade
from changeover.packs.database.postgres_rows import PostgresRows, sqlstate
from changeover.packs.database.postgres_settings import plain_values
from changeover.packs.database.postgres_tables import KnownTables
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable, RowChange, since, unlike
from changeover.packs.database.statement import Connection, run
from changeover.packs.database.turning_back import moved, turn_back
from changeover.packs.database.watchdog import Watchdog, hang_up, socket_of

LOCK_TIMEOUT_MS = 10
"""How long a copy waits for a row that somebody else holds."""

_COPY = "changeover_copy"
_BUSY = frozenset({"55P03", "40P01", "40001"})
_TIMED_OUT = "57014"  # by statement_timeout, which is the time for the copy
_ADVICE = "let its role set session_replication_role (GRANT SET ON PARAMETER)"


class PostgresCopy:
    """One copy for one replay. Whatever happens, `close` leaves neither a lock nor an open transaction of it.

    Args:
        connection: of its own, which its owner closes afterwards; where `inside`, that of a transaction which
            the path left open for its caller.
        side: another one, in autocommit.
        style: how the driver names values.
        known: tables that were read before; kept from run to run.
        recorded: what the path changed; it is turned back.
        deadline_s: how long the copy may last, in seconds.
        inside: whether the copy is a savepoint of the caller's transaction.
        around: calls what the replayed path lets talk to the database.
    """

    def __init__(
        self,
        connection: Connection,
        side: Connection,
        style: ParameterStyle,
        known: KnownTables,
        recorded: RecordedRows,
        deadline_s: float,
        *,
        inside: bool,
        rows_max: int = ROWS_MAX,
        around: Around = directly,
    ) -> None:
        self._connection = connection
        self._style = style
        self._recorded = recorded
        self._inside = inside
        self._around = around
        self._ends = monotonic() + deadline_s
        self._deadline_s = deadline_s
        self._capture = PostgresCapture(connection, side, style, known, rows_max)
        self._line = None if inside else socket_of(connection)
        self._watchdog = Watchdog(deadline_s, self._hang_up)
        self._turned: list[RowChange] = []
        self._begun = False
        self.connection: CopyConnection | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time for the copy is up."""
        return self._watchdog.has_cut or monotonic() > self._ends

    def begin(self) -> CopyConnection:
        """Turn back what the path changed; the connection for the replay.

        Raises:
            NotComparable: the database cannot be brought to what it was.
        """
        self._watchdog.__enter__()
        try:
            self._set_limits()
            self._turn_back()
            self._set_back_counters()
        except Exception as error:
            state = sqlstate(error)
            if state == _TIMED_OUT or (state not in _BUSY and self.is_over):
                raise NotComparable(TIME_IS_UP) from error
            if state in _BUSY:
                text = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise NotComparable(f"rows changed by others: they are being changed now ({text})") from error
            raise
        self._evidence = PostgresMade(self._connection)
        self.connection = CopyConnection(
            self._connection, self._check_constraints, lambda: self.is_over, self._around
        )
        return self.connection

    @property
    def is_certain(self) -> bool:
        """Whether what the answering path read is what the replayed one reads: nobody else wrote meanwhile.

        Where nobody else is expected to write, the server is not asked.
        """
        recorded = self._recorded
        if recorded.alone:
            return True
        now = moment(self._connection)
        own = frozenset(recorded.own_numbers)
        return recorded.began is not None and not others_wrote(recorded.began, now, own | self._number)

    @property
    def _number(self) -> frozenset[int]:
        number = run(self._connection, "SELECT pg_current_xact_id_if_assigned()::text")[0][0]
        return frozenset({int(number)}) if number else frozenset()

    def finish(self, *, keep_open: bool) -> RecordedRows:
        """What the replayed path changed in the copy.

        Args:
            keep_open: whether what it did not commit counts, as its caller would commit it.
        """
        if self.is_over:
            raise NotComparable(TIME_IS_UP)
        if not keep_open and self.connection is not None and not self.connection.changeover_alone:
            run(self._connection, f"ROLLBACK TO SAVEPOINT {KEPT}")
        changes = since(self._turned, self._capture.changes())
        self._evidence.note(self._connection, changes, self._capture.tables)
        return RecordedRows(changes, self._capture.tables, self._evidence)

    def close(self) -> None:
        """Take everything of the copy back."""
        self._watchdog.release()
        try:
            if not self._begun:
                return
            if self._inside:
                run(self._connection, f"ROLLBACK TO SAVEPOINT {_COPY}")
                run(self._connection, f"RELEASE SAVEPOINT {_COPY}")
                return
            with suppress(Exception):  # hung up: the server has rolled back by itself
                self._connection.rollback()
        finally:
            if self._line is not None:
                self._line.close()

    def _set_limits(self) -> None:
        if self._inside:
            run(self._connection, f"SAVEPOINT {_COPY}")
        else:
            self._connection.rollback()
        self._begun = True
        limit = max(1, int(self._deadline_s * 1000))
        run(self._connection, f"SET LOCAL statement_timeout = {limit}")
        if self._drawn:
            wait_for_other_copies(self._connection)
        run(self._connection, f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        if not self._inside:
            run(self._connection, f"SET LOCAL idle_in_transaction_session_timeout = {limit}")

    def _turn_back(self) -> None:
        changes = self._recorded.changes
        before = self._capture.changes() if self._inside else []
        if changes:
            self._capture.read_tables({change.table for change in changes})
            tables = self._capture.tables
            rows = PostgresRows(self._connection, self._style, tables)
            with plain_values(self._connection):
                if gone := moved(rows, changes):
                    raise NotComparable(f"rows changed by others: {_listed(gone)}")
                quiet = any(tables[change.table].has_triggers for change in changes)
                if quiet:
                    self._switch_triggers("replica")
                turn_back(rows, changes)
                if quiet:
                    self._switch_triggers("origin")
            self._turned = self._capture.changes()
        else:
            self._turned = before
        if wrong := unlike([change.turned for change in changes], since(before, self._turned)):
            raise NotComparable(f"more changed than was turned back: {_listed(wrong)}")

    @property
    def _drawn(self) -> dict[str, int]:
        """The sequences that are set back, by name: not where others may draw from them meanwhile."""
        made = self._recorded.evidence
        return made.drawn if self._recorded.alone and isinstance(made, PostgresMade) else {}

    def _set_back_counters(self) -> None:
        """New rows get the numbers that they got."""
        made, drawn = self._recorded.evidence, self._drawn
        if not drawn or not isinstance(made, PostgresMade):
            return
        rows: list[Numbered] = []
        for change in self._recorded.changes:
            table = self._capture.tables[change.table]
            new = {} if change.before is not None or change.after is None else change.after
            for name, value in new.items():
                column = table.columns[name]
                if column.counter and made.counted(table, column, value):
                    rows.append(Numbered(column.counter, int(value), table, name))
        set_back(self._connection, drawn, rows)

    def _switch_triggers(self, role: str) -> None:
        try:
            run(self._connection, f"SET LOCAL session_replication_role = {role}")
        except Exception as error:
            if sqlstate(error) != "42501":
                raise
            raise NotComparable(f"the schema has triggers on rows that are turned back: {_ADVICE}") from error

    def _check_constraints(self) -> None:
        """What a commit would refuse, refused: constraints that wait for the end of a transaction."""
        run(self._connection, "SAVEPOINT changeover_probe")
        run(self._connection, "SET CONSTRAINTS ALL IMMEDIATE")
        run(self._connection, "ROLLBACK TO SAVEPOINT changeover_probe")
        run(self._connection, "RELEASE SAVEPOINT changeover_probe")

    def _hang_up(self) -> None:
        if self._line is not None:
            hang_up(self._line)


def _listed(places: list[tuple[str, tuple[object, ...]]]) -> str:
    return ", ".join("/".join([table, *map(str, key)]) for table, key in places[:3])
