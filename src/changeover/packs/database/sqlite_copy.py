"""An SQLite database as it was before a path, inside a transaction that is never committed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from typing import Any

from changeover.packs.database.copy_connection import KEPT, TIME_IS_UP, Around, CopyConnection, directly
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable, net, unlike
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_made import SqliteMade
from changeover.packs.database.sqlite_recording import in_transaction
from changeover.packs.database.sqlite_rows import SqliteRows
from changeover.packs.database.statement import Connection, run
from changeover.packs.database.turning_back import moved, turn_back
from changeover.packs.database.watchdog import Watchdog

_COPY = "changeover_copy"
LOST = "a statement rolled back all that was open, and with it the copy of the database"
DEFERRED = "PRAGMA defer_foreign_keys is on, and nobody knows since when references are broken"
CUT_EVERY_S = 0.01
"""How often a statement is interrupted again that keeps a copy from ending in time."""


class SqliteCopy:
    """One copy for one replay. Whatever happens, `close` leaves neither a lock nor a row of it.

    Args:
        connection: of its own, or the one that the path used where the database has no other.
        recorded: what the path changed; it is turned back.
        deadline_s: how long the copy may last, in seconds.
        around: calls what the replayed path lets talk to the database.
    """

    def __init__(
        self,
        connection: Connection,
        capture: SqliteCapture,
        recorded: RecordedRows,
        deadline_s: float,
        around: Around = directly,
    ) -> None:
        self._connection = connection
        self._capture = capture
        self._recorded = recorded
        self._around = around
        self._inside = in_transaction(connection)
        self._begun = False
        self._deadline_ms = int(deadline_s * 1000)
        self._waits_ms: int | None = None
        self._lost = False
        self._acting = RLock()
        self._watchdog = Watchdog(deadline_s, self._interrupt)
        self._broken: set[tuple[Any, ...]] = set()
        self.connection: CopyConnection | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time for the copy is up."""
        return self._watchdog.has_cut

    def begin(self) -> CopyConnection:
        """Turn back what the path changed; the connection for the replay.

        Raises:
            NotComparable: the database cannot be brought to what it was.
        """
        self._watchdog.__enter__()
        self._capture.is_shared = self._inside
        with self._acting:
            return self._begin()

    def _begin(self) -> CopyConnection:
        if not self._inside:  # somebody else's lock is waited for no longer than the copy may last
            self._waits_ms = run(self._connection, "PRAGMA busy_timeout")[0][0]
            self._wait(min(self._waits_ms, self._deadline_ms))
        self._capture.start()
        run(self._connection, f"SAVEPOINT {_COPY}" if self._inside else "BEGIN IMMEDIATE")
        self._begun = True
        self._turn_back()
        self._evidence = SqliteMade(self._connection)
        self._broken = self._broken_references()
        self.connection = CopyConnection(
            self._connection, self.check_references, lambda: self.is_over, self._around, self._guarded
        )
        self._capture.start()
        return self.connection

    def check_references(self) -> None:
        """What only a commit would refuse: foreign keys that are deferred; raises the error of the driver."""
        defers = "SELECT * FROM pragma_defer_foreign_keys, pragma_foreign_keys"
        if not self._defers and run(self._connection, defers) == [(1, 1)]:
            if run(self._connection, "PRAGMA foreign_key_check"):
                raise NotComparable(DEFERRED)
        elif not self._broken_references() <= self._broken:
            raise self._driver.IntegrityError("FOREIGN KEY constraint failed")

    @property
    def is_certain(self) -> bool:
        """Whether the replayed path reads what the answering one read: SQLite tells nobody who wrote."""
        return self._recorded.alone

    def finish(self, *, keep_open: bool) -> RecordedRows:
        """What the replayed path changed in the copy.

        Args:
            keep_open: whether what it did not commit counts, as its caller would commit it.
        """
        found: RecordedRows = self._guarded(lambda: self._finish(keep_open=keep_open))
        return found

    def _finish(self, *, keep_open: bool) -> RecordedRows:
        found = RecordedRows(tables=self._capture.tables, evidence=self._evidence)
        if not keep_open and self.connection is not None and not self.connection.changeover_alone:
            run(self._connection, f"ROLLBACK TO SAVEPOINT {KEPT}")
        found.changes = net(change for _, change in self._capture.stop())
        self._evidence.note(self._connection, self._capture)
        return found

    def close(self) -> None:
        """Take everything of the copy back."""
        self._watchdog.release()
        with self._acting:
            self._end()

    def _end(self) -> None:
        self._capture.is_shared = False
        if self._waits_ms is not None:
            with suppress(Exception):  # of a connection that is closed already
                self._wait(self._waits_ms)
        with suppress(NotComparable):
            self._capture.stop()
        if not self._begun:
            return
        if self._inside:
            run(self._connection, f"ROLLBACK TO SAVEPOINT {_COPY}")
            run(self._connection, f"RELEASE SAVEPOINT {_COPY}")
        elif in_transaction(self._connection):
            run(self._connection, "ROLLBACK")
        self._capture.forget()

    def _turn_back(self) -> None:
        changes, tables = self._recorded.changes, self._capture.tables
        unknown = {change.table for change in changes} - tables.keys()
        if unknown:
            raise NotComparable(f"a table is not there any more: {', '.join(sorted(unknown))}")
        rows = SqliteRows(self._connection, tables)
        if gone := moved(rows, changes):
            raise NotComparable(f"rows changed by others: {_listed(gone)}")
        own = rows.without_triggers() if any(tables[change.table].has_triggers for change in changes) else []
        deferred = run(self._connection, "PRAGMA defer_foreign_keys")[0][0]
        run(self._connection, "PRAGMA defer_foreign_keys=ON")
        self._capture.start()
        turn_back(rows, changes)
        turned = net(change for _, change in self._capture.stop())
        self._restore_sequences()
        run(self._connection, f"PRAGMA defer_foreign_keys={deferred}")
        for statement in own:
            run(self._connection, statement)
        if wrong := unlike([change.turned for change in changes], turned):
            raise NotComparable(f"more changed than was turned back: {_listed(wrong)}")

    def _restore_sequences(self) -> None:
        before = self._recorded.sequences
        for name, number in self._capture.sequences.items():
            if name not in before:
                run(self._connection, "DELETE FROM main.sqlite_sequence WHERE name = ?", (name,))
            elif before[name] != number:
                run(
                    self._connection,
                    "UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?",
                    (before[name], name),
                )

    def _broken_references(self) -> set[tuple[Any, ...]]:
        if not run(self._connection, "PRAGMA foreign_keys")[0][0] or not self._defers:
            return set()
        return set(run(self._connection, "PRAGMA foreign_key_check"))

    @property
    def _defers(self) -> bool:
        """Whether the schema itself lets references be broken until the commit."""
        deferred = "SELECT 1 FROM main.sqlite_master WHERE sql LIKE '%DEFERRED%' LIMIT 1"
        return bool(run(self._connection, deferred))

    def _guarded(self, act: Callable[[], Any]) -> Any:
        """Outside of its transaction nothing is done: it would be done to the database itself."""
        with self._acting:
            self._check_whole()
            try:
                return act()
            finally:
                if not in_transaction(self._connection):
                    self._lost = True
                    self._check_whole()

    def _check_whole(self) -> None:
        if self.is_over:
            raise NotComparable(TIME_IS_UP)
        if self._lost:
            raise NotComparable(LOST)

    def _wait(self, milliseconds: int) -> None:
        run(self._connection, f"PRAGMA busy_timeout={milliseconds}")

    def _interrupt(self) -> None:
        """End what is under way, and let go of the locks though the replay may wait for something else."""
        self._driver.interrupt()
        while not self._acting.acquire(timeout=CUT_EVERY_S):
            self._driver.interrupt()
        try:
            if self._begun and not self._inside and in_transaction(self._connection):
                self._driver.rollback()
        finally:
            self._acting.release()

    @property
    def _driver(self) -> Any:
        """The connection of sqlite3 in whatever stands for it."""
        driver: Any = getattr(self._connection, "driver_connection", self._connection)
        return getattr(driver, "_conn", driver)


def _listed(places: list[tuple[str, tuple[object, ...]]]) -> str:
    return ", ".join("/".join([table, *map(str, key)]) for table, key in places[:3])
