"""What a journal holds that has not got where it is meant to go: for people, who ask what is stuck."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trading.database import Connection
from trading.events.journal.rows import whole

TABLES = (
    "CREATE TABLE IF NOT EXISTS parked (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "digest TEXT NOT NULL UNIQUE, place TEXT NOT NULL, reason TEXT NOT NULL, event_id TEXT NOT NULL, "
    "event_type TEXT NOT NULL, at TEXT NOT NULL)",
)
HAS_TABLE = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)"
OUTBOX = "SELECT count(*), min(e.recorded_at) FROM outbox o JOIN events e ON e.seq = o.seq"
UNDELIVERED = (
    "SELECT d.handler, count(*), min(e.recorded_at) FROM deliveries d JOIN events e ON e.seq = d.seq "
    "WHERE d.outcome IN ('pending', 'retry') AND (d.due IS NULL OR d.attempt > 1) GROUP BY d.handler"
)
# Off the list by itself is what a later program could read after all, and has handled.
PARKED = (
    "SELECT number, place, reason, event_id, event_type, at FROM parked p WHERE NOT EXISTS "
    "(SELECT 1 FROM events e WHERE e.event_id = p.event_id AND NOT EXISTS (SELECT 1 FROM deliveries d "
    "WHERE d.seq = e.seq AND d.outcome IN ('pending', 'retry'))) ORDER BY number"
)
PARK = (
    "INSERT INTO parked (digest, place, reason, event_id, event_type, at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (digest) DO UPDATE SET reason = excluded.reason"
)
UNPARK = "DELETE FROM parked WHERE number = ?"
LATEST = "SELECT recorded_at FROM events ORDER BY seq DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the oldest one does; None where there is none."""

    number: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """A message from a broker that no handler was given; the broker keeps it in `place`."""

    number: int
    place: str
    reason: str
    event_id: str
    event_type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events that a broker has not confirmed, deliveries by handler, and messages that were set aside.

    `as_of` is when the latest event was recorded, None where there is none.
    """

    outbox: Waiting = Waiting()
    undelivered: Mapping[str, Waiting] = field(default_factory=dict)
    parked: tuple[ParkedMessage, ...] = ()
    as_of: datetime | None = None


@whole
def read_backlog(connection: Connection) -> Backlog:
    """As a journal in SQLite holds it, whether or not it was ever shared."""
    latest = connection.execute(LATEST).fetchone()
    return Backlog(
        outbox=_waiting(*connection.execute(OUTBOX).fetchone()) if _has(connection, "outbox") else Waiting(),
        undelivered={name: _waiting(*rest) for name, *rest in connection.execute(UNDELIVERED)},
        parked=tuple(_parked(*row) for row in connection.execute(PARKED))
        if _has(connection, "parked")
        else (),
        as_of=None if latest is None else datetime.fromisoformat(latest[0]),
    )


def remove_parked(connection: Connection, number: int) -> bool:
    """Take a message off the list; False where there is none of that number. The broker keeps its own."""
    return _has(connection, "parked") and connection.execute(UNPARK, (number,)).rowcount == 1


def _has(connection: Connection, table: str) -> bool:
    return bool(connection.execute(HAS_TABLE, (table,)).fetchone()[0])


def _waiting(number: int, oldest: str | None) -> Waiting:
    return Waiting(number, None if oldest is None else datetime.fromisoformat(oldest))


def _parked(number: int, place: str, reason: str, event_id: str, event_type: str, at: str) -> ParkedMessage:
    return ParkedMessage(number, place, reason, event_id, event_type, datetime.fromisoformat(at))
