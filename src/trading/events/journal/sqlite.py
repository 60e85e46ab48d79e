"""A journal in one SQLite file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from trading.database import SqlError, open_database, set_durable, write_pair_id
from trading.events.journal import rows
from trading.events.journal.backlog import remove_parked
from trading.events.journal.claim import Claims, WholeClaim
from trading.events.journal.port import DUE_BATCH_MAX, AlreadySettled, DamagedWorkflow, SettlementRefused
from trading.events.journal.reading import JournalReader
from trading.events.journal.records import (
    DamagedDelivery,
    Delivery,
    Outcome,
    Outgoing,
    Settlement,
    WorkflowRecord,
)
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.versions import EventRefused, Versions

TakeOver = Callable[[Callable[[], None]], None]


class SqliteJournal(JournalReader):
    """Everything in one file, every handling in one transaction.

    `durable` decides whether a commit survives a loss of power, or only a crash of the process. The claim is
    an open write transaction on a second file beside it, `<name>.lock`: it blocks no reader of the journal.
    """

    _claim: Claims | None
    parts: tuple[str, ...] | None = None
    """Which parts of the work this process claims; None is all of it."""

    def __init__(self, path: Path | None, *, durable: bool = True, versions: Versions = VERSIONS) -> None:
        self._path = path
        self._durable = self._is_lasting = durable
        self._is_behind = False  # of what is committed, a loss of power would undo a part
        super().__init__(
            open_database(path, kind=rows.KIND, version=rows.VERSION, schema=rows.SCHEMA, durable=durable),
            versions,
        )
        self._claim = None if path is None else WholeClaim(path.resolve())
        self._take_over: TakeOver | None = None

    def pair(self, pair_id: str) -> str:
        """Give the journal such an id, unless it has one; the id that it has now."""
        return write_pair_id(self._connection, pair_id)

    def when_claimed(self, take_over: TakeOver) -> None:
        """Have something done once, by the first claim: it may ask whether the claim still stands."""
        self._take_over = take_over

    def claim(self) -> None:
        """Waits for another process up to the busy time-out of the database, then raises JournalBusy."""
        if self._claim is None:
            return
        self._claim.take()
        if self._take_over is not None:
            try:
                self._take_over(self._claim.check)
            except BaseException:
                self._claim.release()  # claimed is only who has taken over as well
                raise
            self._take_over = None

    def append(self, outgoing: Outgoing, at: datetime) -> int | None:
        """Keep an event with its deliveries; raises EventRefused for one that could not be read back."""
        body = self._versions.write(outgoing.event)
        with self._transaction():
            return self._insert(outgoing, body, rows.as_text(at))

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        """Keep all of one handling."""
        try:
            bodies = [self._versions.write(outgoing.event) for outgoing in settlement.published]
        except EventRefused as refused:
            raise SettlementRefused(str(refused)) from refused
        at = rows.as_text(settlement.at)
        with self._transaction(lasting=self._has_to_last(settlement)):
            self._mark(settlement, at)
            for record in settlement.workflows:
                self._keep(record)
            return tuple(
                self._insert_new(outgoing, body, at)
                for outgoing, body in zip(settlement.published, bodies, strict=True)
            )

    def keep(self, record: WorkflowRecord) -> None:
        """Keep the state of a run that has no events."""
        with self._transaction():
            self._keep(record)

    def undelivered(self) -> Sequence[Delivery | DamagedDelivery]:
        """What is to be done at once."""
        return [rows.delivery(row, self._versions) for row in self._connection.execute(rows.UNDELIVERED)]

    def due(self, now: datetime) -> Sequence[Delivery | DamagedDelivery]:
        """What was delayed and is due by now."""
        found = self._connection.execute(rows.DUE, (rows.as_text(now), DUE_BATCH_MAX))
        return [rows.delivery(row, self._versions) for row in found]

    def next_due(self) -> datetime | None:
        """When the next delayed delivery is due."""
        (due,) = self._connection.execute(rows.NEXT_DUE).fetchone()
        return None if due is None else datetime.fromisoformat(due)

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a handler is to try an event of this run again."""
        (retrying,) = self._connection.execute(rows.IS_RETRYING, (correlation_id,)).fetchone()
        return bool(retrying)

    def is_waiting(self) -> bool:
        """Whether a delivery is to be done now or again."""
        (waiting,) = self._connection.execute(rows.IS_WAITING).fetchone()
        return bool(waiting)

    def workflow(self, workflow_id: str) -> WorkflowRecord | None:
        """The state of a workflow."""
        row = self._connection.execute(rows.WORKFLOWS + "WHERE workflow_id = ?", (workflow_id,)).fetchone()
        record = rows.workflow(row) if row else None
        if record is not None and record.damage is not None:
            raise DamagedWorkflow(record.damage)
        return record

    def put_back(self, seq: int, handler: str, now: datetime) -> bool:
        """Make a dead letter due again."""
        return self._connection.execute(rows.PUT_BACK, (rows.as_text(now), seq, handler)).rowcount == 1

    def remove_parked(self, number: int) -> bool:
        """Take a message off the list of those set aside."""
        return remove_parked(self._connection, number)

    def prune(self, before: datetime) -> int:
        """Forget old runs that are over."""
        execute = self._connection.execute
        with self._transaction():
            execute(rows.RUNS_OVER, (rows.as_text(before),))
            execute(rows.FORGET_DELIVERIES)
            forgotten = execute(rows.FORGET_EVENTS).rowcount
            execute("DROP TABLE temp.over")
        return forgotten

    def close(self) -> None:
        """Release the file and the claim."""
        if self._claim is not None:
            self._claim.release()
        self._connection.close()

    def _insert(self, outgoing: Outgoing, body: str, at: str) -> int | None:
        event = outgoing.event
        inserted = self._connection.execute(
            rows.INSERT_EVENT, (event.event_id, event.event_type, event.correlation_id, at, body)
        )
        if inserted.rowcount == 0:
            return None
        seq = inserted.lastrowid
        due = None if outgoing.due is None else rows.as_text(outgoing.due)
        for position, handler in enumerate(outgoing.handlers):
            self._connection.execute(rows.INSERT_DELIVERY, (seq, position, handler, due))
        return seq

    def _insert_new(self, outgoing: Outgoing, body: str, at: str) -> int:
        seq = self._insert(outgoing, body, at)
        if seq is None:
            raise SettlementRefused(f"event id {outgoing.event.event_id} is taken already")
        return seq

    def _mark(self, settlement: Settlement, at: str) -> None:
        delivery, failure = settlement.delivery, settlement.failure
        marked = self._connection.execute(
            rows.SETTLE_DELIVERY,
            (
                settlement.outcome.value,
                delivery.attempt + (settlement.outcome is Outcome.RETRY),
                None if settlement.due is None else rows.as_text(settlement.due),
                None if failure is None else failure.error_type,
                None if failure is None else failure.message,
                at,
                settlement.took_s,
                delivery.seq,
                delivery.handler,
                delivery.attempt,
            ),
        )
        if marked.rowcount != 1:
            raise AlreadySettled(f"event {delivery.seq} was settled for {delivery.handler} already")

    def _keep(self, record: WorkflowRecord) -> None:
        values = (
            record.state,
            record.account,
            record.session,
            rows.as_text(record.updated_at),
            int(record.finished),
            record.body,
            rows.as_text(record.started_at),
            record.workflow_id,
            record.sequence,
        )
        statement = rows.INSERT_WORKFLOW if record.sequence == 1 else rows.ADVANCE_WORKFLOW
        if self._connection.execute(statement, values).rowcount != 1:
            raise SettlementRefused(
                f"workflow {record.workflow_id}: change {record.sequence} does not follow the one kept"
            )

    def _has_to_last(self, settlement: Settlement) -> bool:
        """Whether this may be called done only when no loss of power can undo it."""
        return True

    @contextmanager
    def _transaction(self, *, lasting: bool = True) -> Iterator[None]:
        """All or nothing of what is done within; nothing by a process whose claim was removed.

        Whoever takes the claim next sees what was committed before that was asked, and nothing comes after.
        What need not be `lasting` is so with the next commit that is.
        """
        execute = self._connection.execute
        if (wanted := lasting and self._durable) is not self._is_lasting:
            set_durable(self._connection, durable=wanted)
            self._is_lasting = wanted
        execute("BEGIN IMMEDIATE")
        try:
            if self._claim is not None:
                self._claim.check()
            yield
            execute("COMMIT")
            self._is_behind = self._durable and not wanted
        except BaseException:
            with suppress(SqlError):  # SQLite has rolled back by itself after a full disk or an I/O error
                execute("ROLLBACK")
            raise
