"""A journal that several processes work on, each for handlers of its own.

What one of them publishes is an entry of the outbox, written in the transaction that also settles the
handling. It stays there until a transport has confirmed the event. A handler's delivery row is its inbox.

A loss of power may undo the latest commits that nothing depends on yet: each would cost a write to the disk
of its own. What is published outlasts it before it is sent, what came from outside before it is called done.
A mark alone need not: without it the journal holds the event undelivered, as after a death in the handling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import NamedTuple

from trading.events.journal import backlog, rows
from trading.events.journal.claim import PartClaims, Turn
from trading.events.journal.port import DUE_BATCH_MAX
from trading.events.journal.records import DamagedDelivery, Delivery, Outcome, Outgoing, Settlement
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.versions import Versions

OUTBOX_BATCH_MAX = 100
NAME_CHARACTERS_MAX = 200  # of what anybody may have sent

TABLES = (
    "CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS synced (one INTEGER PRIMARY KEY CHECK (one = 1), times INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS starts (event_id TEXT PRIMARY KEY, begun INTEGER NOT NULL) WITHOUT ROWID",
)
OURS = "AND d.handler IN (SELECT value FROM json_each(:handlers)) "
UNDELIVERED = rows.SELECT_TO_DO + OURS + "AND d.due IS NULL ORDER BY d.seq, d.position"
WAITING = rows.SELECT_TO_DO + OURS + "AND d.due IS NULL AND e.event_id = :event_id ORDER BY d.position"
DUE = rows.SELECT_TO_DO + OURS + "AND d.due <= :now ORDER BY d.due, d.seq, d.position LIMIT :most"
NEXT_DUE = (
    "SELECT min(d.due) FROM deliveries d WHERE d.outcome IN ('pending', 'retry') AND d.due IS NOT NULL "
    "AND d.handler IN (SELECT value FROM json_each(:handlers))"
)
UNSENT = (
    "SELECT e.seq, e.recorded_at, CAST(e.body AS BLOB) FROM outbox o JOIN events e ON e.seq = o.seq "
    "ORDER BY o.seq LIMIT ?"
)
AFTER = "SELECT seq, recorded_at, CAST(body AS BLOB) FROM events WHERE seq > ? ORDER BY seq"
IS_UNDER_WAY = (
    "SELECT EXISTS (SELECT 1 FROM deliveries d JOIN events e ON e.seq = d.seq "
    "WHERE d.outcome IN ('pending', 'retry') AND (d.due IS NULL OR d.attempt > 1 OR d.due <= ?) "
    "AND e.correlation_id = ?)"
)
SYNC = "INSERT INTO synced VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET times = times + 1"
COUNT_START = (
    "INSERT INTO starts VALUES (?, 1) ON CONFLICT (event_id) DO UPDATE SET begun = begun + 1 RETURNING begun"
)


@dataclass(frozen=True, slots=True)
class Share:
    """What one process does of a journal's work: `parts` are claimed, `handlers` get their deliveries."""

    parts: tuple[str, ...]
    handlers: frozenset[str] = frozenset()


class Unsent(NamedTuple):
    """An entry of the outbox; `event` is None where its row cannot be read any more."""

    seq: int
    event: BaseEvent | None


class SharedJournal(SqliteJournal):
    """One process' share of a journal on a file; the other processes have it open as well."""

    def __init__(
        self, path: Path, share: Share, *, durable: bool = True, versions: Versions = VERSIONS
    ) -> None:
        super().__init__(path, durable=durable, versions=versions)
        self._claim = PartClaims(path.resolve(), share.parts)
        self.parts = share.parts
        self.has_new_arrivals = False  # what came from outside, and a loss of power would undo
        self._handlers = dumps(sorted(share.handlers))
        self.turn = Turn(path.resolve())
        try:
            with self._transaction():
                for table in (*TABLES, *backlog.TABLES):
                    self._connection.execute(table)
        except BaseException:
            super().close()
            raise

    def close(self) -> None:
        """Release the files and the claims."""
        self.turn.close()
        super().close()

    def accept(self, outgoing: Outgoing, at: datetime) -> int | None:
        """Keep an event that came from outside: as `append`, but it is not sent on.

        It outlasts a loss of power with the settlement of its first handling, or with `sync`.
        """
        body = self._versions.write(outgoing.event)
        with self._transaction(lasting=False):
            seq = super()._insert(outgoing, body, rows.as_text(at))
        self.has_new_arrivals = True
        return seq

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        """As of one journal for one process; a mark alone does not wait for the disk."""
        numbers = super().settle(settlement)
        if self._has_to_last(settlement):
            self.has_new_arrivals = False
        return numbers

    def undelivered(self) -> Sequence[Delivery | DamagedDelivery]:
        """What the handlers of this process are to be given at once."""
        return self._deliveries(UNDELIVERED, {})

    def waiting(self, event_id: str) -> Sequence[Delivery | DamagedDelivery]:
        """The same of one event: empty where it has been handled, which is what makes effects happen once."""
        return self._deliveries(WAITING, {"event_id": event_id})

    def due(self, now: datetime) -> Sequence[Delivery | DamagedDelivery]:
        """What was delayed for the handlers of this process and is due by now."""
        return self._deliveries(DUE, {"now": rows.as_text(now), "most": DUE_BATCH_MAX})

    def next_due(self) -> datetime | None:
        """When the next one of those is due."""
        (due,) = self._connection.execute(NEXT_DUE, {"handlers": self._handlers}).fetchone()
        return None if due is None else datetime.fromisoformat(due)

    def unsent(self) -> Sequence[Unsent]:
        """The oldest entries of the outbox, at most `OUTBOX_BATCH_MAX`, in the order of publication."""
        found = self._connection.execute(UNSENT, (OUTBOX_BATCH_MAX,))
        return [Unsent(row[0], rows.run_event(row, self._versions)) for row in found]

    def mark_sent(self, entries: Sequence[Unsent]) -> None:
        """Take entries out of the outbox: the transport has confirmed them."""
        with self._transaction(lasting=False):
            self._connection.executemany("DELETE FROM outbox WHERE seq = ?", [(one.seq,) for one in entries])

    def sync(self) -> None:
        """Have everything that is committed outlast a loss of power, unless it does."""
        if self._is_behind:
            with self._transaction():
                self._connection.execute(SYNC)
            self.has_new_arrivals = False

    def count_start(self, event_id: str) -> int:
        """Count that handling this event begins once more; how often that is by now."""
        with self._transaction(lasting=False):
            (begun,) = self._connection.execute(COUNT_START, (event_id,)).fetchone()
        return int(begun)

    def forget_starts(self, event_id: str) -> None:
        """It has come to an end: what counts is how often it did not."""
        with self._transaction(lasting=False):
            self._connection.execute("DELETE FROM starts WHERE event_id = ?", (event_id,))

    def park(self, place: str, reason: str, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
        """Put a message on the list of those set aside; the same one is there once, however often."""
        named = [str(headers.get(name, ""))[:NAME_CHARACTERS_MAX] for name in ("event-id", "event-type")]
        told = dumps({str(name): str(value) for name, value in headers.items()}, sort_keys=True)
        values = (sha256(told.encode() + body).hexdigest(), place, reason, *named, rows.as_text(at))
        with self._transaction():
            self._connection.execute(backlog.PARK, values)

    def events_after(self, seq: int) -> Sequence[tuple[int, datetime, BaseEvent | None]]:
        """Number, moment and event of everything that any process has published since that number."""
        return [
            (row[0], datetime.fromisoformat(row[1]), rows.run_event(row, self._versions))
            for row in self._connection.execute(AFTER, (seq,))
        ]

    def recorded_last(self) -> datetime | None:
        """When the latest event was recorded, by whichever process."""
        row = self._connection.execute("SELECT recorded_at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    def is_under_way(self, correlation_id: str, now: datetime) -> bool:
        """Whether any handler, of any process, is still to be given an event of this run, now or again."""
        (found,) = self._connection.execute(IS_UNDER_WAY, (rows.as_text(now), correlation_id)).fetchone()
        return bool(found)

    def _has_to_last(self, settlement: Settlement) -> bool:
        leaves_a_mark_alone = (
            settlement.outcome is Outcome.HANDLED and not settlement.published and not settlement.workflows
        )
        return self.has_new_arrivals or not leaves_a_mark_alone

    def _insert(self, outgoing: Outgoing, body: str, at: str) -> int | None:
        seq = super()._insert(outgoing, body, at)
        if seq is not None and outgoing.due is None:
            self._connection.execute("INSERT INTO outbox VALUES (?)", (seq,))
        return seq

    def _deliveries(self, statement: str, values: dict[str, object]) -> list[Delivery | DamagedDelivery]:
        found = self._connection.execute(statement, {"handlers": self._handlers, **values})
        return [rows.delivery(row, self._versions) for row in found]
