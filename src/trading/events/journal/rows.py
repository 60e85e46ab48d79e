"""How a journal lies in SQLite.

One row per event, one per (event, handler): that row is outbox entry, inbox mark, delay and dead letter in
one, so that a handling that publishes one event writes four rows. Times are ISO text in UTC with
microseconds, which sorts as time does.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pydantic_core import from_json

from trading.database import UNREADABLE, DatabaseUnusable
from trading.events.journal.records import (
    DamagedDelivery,
    DeadLetter,
    Delivery,
    Failure,
    Outcome,
    StoredDelivery,
    StoredEvent,
    WorkflowRecord,
)
from trading.events.messages.envelope import BaseEvent
from trading.events.schema.versions import EventRefused, Versions

KIND = "event journal"
VERSION = 1
SCHEMA = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    event_type TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX events_of_run ON events (correlation_id);
CREATE TABLE deliveries (
    seq INTEGER NOT NULL REFERENCES events (seq),
    position INTEGER NOT NULL,
    handler TEXT NOT NULL,
    outcome TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    due TEXT,
    error_type TEXT,
    error_message TEXT,
    settled_at TEXT,
    took_s REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (seq, position)
) WITHOUT ROWID;
CREATE INDEX deliveries_to_do ON deliveries (due, seq) WHERE outcome IN ('pending', 'retry');
CREATE INDEX deliveries_dead ON deliveries (seq) WHERE outcome = 'dead';
CREATE TABLE workflows (
    workflow_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX workflows_of_session ON workflows (account, session);
"""

INSERT_EVENT = (
    "INSERT INTO events (event_id, event_type, correlation_id, recorded_at, body) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (event_id) DO NOTHING"
)
INSERT_DELIVERY = (
    "INSERT INTO deliveries (seq, position, handler, outcome, attempt, due) VALUES (?, ?, ?, 'pending', 1, ?)"
)
SETTLE_DELIVERY = (
    "UPDATE deliveries SET outcome = ?, attempt = ?, due = ?, error_type = ?, error_message = ?, "
    "settled_at = ?, took_s = ? "
    "WHERE seq = ? AND handler = ? AND attempt = ? AND outcome IN ('pending', 'retry')"
)
PUT_BACK = (
    "UPDATE deliveries SET outcome = 'pending', attempt = 1, due = ?, settled_at = NULL "
    "WHERE seq = ? AND handler = ? AND outcome = 'dead'"
)
INSERT_WORKFLOW = (
    "INSERT INTO workflows (state, account, session, updated_at, finished, body, started_at, workflow_id, "
    "sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow_id) DO NOTHING"
)
ADVANCE_WORKFLOW = (
    "UPDATE workflows SET state = ?, account = ?, session = ?, updated_at = ?, finished = ?, body = ?, "
    "started_at = ?, sequence = sequence + 1 WHERE workflow_id = ? AND sequence = ? - 1"
)

# Bodies are read as bytes: SQLite would refuse the whole answer where one text is no UTF-8.
SELECT_TO_DO = (
    "SELECT e.seq, e.event_id, e.event_type, e.correlation_id, CAST(e.body AS BLOB), d.handler, d.attempt "
    "FROM deliveries d JOIN events e ON e.seq = d.seq WHERE d.outcome IN ('pending', 'retry') "
)
UNDELIVERED = SELECT_TO_DO + "AND d.due IS NULL ORDER BY d.seq, d.position"
DUE = SELECT_TO_DO + "AND d.due <= ? ORDER BY d.due, d.seq, d.position LIMIT ?"
NEXT_DUE = "SELECT min(due) FROM deliveries WHERE outcome IN ('pending', 'retry') AND due IS NOT NULL"
EVENT = "SELECT seq, recorded_at, CAST(body AS BLOB) FROM events WHERE event_id = ?"
LAST_NUMBER = "SELECT coalesce(max(seq), 0) FROM events"
IS_RETRYING = (
    "SELECT EXISTS (SELECT 1 FROM deliveries d JOIN events e ON e.seq = d.seq "
    "WHERE d.outcome IN ('pending', 'retry') AND d.attempt > 1 AND e.correlation_id = ?)"
)
IS_WAITING = (
    "SELECT EXISTS (SELECT 1 FROM deliveries "
    "WHERE outcome IN ('pending', 'retry') AND (due IS NULL OR attempt > 1))"
)
EVENTS_OF_RUN = "SELECT count(*) FROM events WHERE correlation_id = ?"
EVENTS = "SELECT seq, recorded_at, CAST(body AS BLOB) FROM events WHERE correlation_id = ? ORDER BY seq"
DELIVERIES = (
    "SELECT handler, outcome, attempt, due, error_type, error_message, settled_at, took_s "
    "FROM deliveries WHERE seq = ? ORDER BY position"
)
DEAD_LETTERS = (
    "SELECT e.seq, d.handler, e.event_id, e.event_type, e.correlation_id, d.attempt, d.error_type, "
    "d.error_message, d.settled_at, CAST(e.body AS BLOB) "
    "FROM deliveries d JOIN events e ON e.seq = d.seq WHERE d.outcome = 'dead' "
)
WORKFLOWS = (
    "SELECT workflow_id, state, account, session, started_at, updated_at, sequence, finished, "
    "CAST(body AS BLOB) FROM workflows "
)
CHOSEN_WORKFLOWS = WORKFLOWS + (
    "WHERE (:account IS NULL OR account = :account) AND (:session IS NULL OR session = :session) "
    "AND session > :after AND NOT (:unfinished_only AND finished) ORDER BY started_at, workflow_id"
)
RUNS_OVER = (
    "CREATE TEMP TABLE over AS SELECT correlation_id FROM events GROUP BY correlation_id "
    "HAVING max(recorded_at) < ?"
    " EXCEPT SELECT workflow_id FROM workflows WHERE NOT finished"
    " EXCEPT SELECT e.correlation_id FROM deliveries d JOIN events e ON e.seq = d.seq "
    "WHERE d.outcome <> 'handled'"
)
FORGET_DELIVERIES = (
    "DELETE FROM deliveries WHERE seq IN "
    "(SELECT seq FROM events WHERE correlation_id IN (SELECT correlation_id FROM over))"
)
FORGET_EVENTS = "DELETE FROM events WHERE correlation_id IN (SELECT correlation_id FROM over)"


def as_text(moment: datetime) -> str:
    """A moment as it is stored."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


Row = tuple[Any, ...]
P = ParamSpec("P")
Value = TypeVar("Value")


def whole(value_of: Callable[P, Value]) -> Callable[P, Value]:
    """A value of a row, or DatabaseUnusable where a column holds what was never written there."""

    @wraps(value_of)
    def read(*args: P.args, **kwargs: P.kwargs) -> Value:
        try:
            return value_of(*args, **kwargs)
        except UNREADABLE as error:
            raise DatabaseUnusable(
                f"the {KIND} holds a row that is damaged: {error!r}; bring back a copy of the file, or name "
                "another account"
            ) from error

    return read


@whole
def delivery(row: Row, versions: Versions) -> Delivery | DamagedDelivery:
    """A delivery that is to be done."""
    seq, event_id, event_type, correlation_id, body, handler, attempt = row
    _refuse_others(str, event_id, event_type, correlation_id, handler)
    _refuse_others(int, attempt)
    event, damage = _event(versions, seq, body)
    if event is None:
        return DamagedDelivery(seq, event_id, event_type, correlation_id, handler, attempt, damage)
    return Delivery(seq, event, handler, attempt)


@whole
def stored_event(row: Row, deliveries: list[Row], versions: Versions) -> StoredEvent:
    """An event with the fate of its deliveries."""
    seq, recorded_at, body = row
    for handler, _, attempt, *_ in deliveries:
        _refuse_others(str, handler)
        _refuse_others(int, attempt)
    event, damage = _event(versions, seq, body)
    return StoredEvent(
        seq=seq,
        recorded_at=datetime.fromisoformat(recorded_at),
        event=event,
        damage=damage or None,
        deliveries=tuple(
            StoredDelivery(
                handler=handler,
                outcome=Outcome(outcome),
                attempt=attempt,
                due=_moment(due),
                failure=None if error_type is None else Failure(error_type, error_message),
                settled_at=_moment(settled_at),
                took_s=took_s,
            )
            for handler, outcome, attempt, due, error_type, error_message, settled_at, took_s in deliveries
        ),
    )


@whole
def run_event(row: Row, versions: Versions) -> BaseEvent | None:
    """The event of a row, or None where it cannot be read."""
    seq, _, body = row
    return _event(versions, seq, body)[0]


@whole
def dead_letter(row: Row, versions: Versions) -> DeadLetter:
    """A delivery that was given up."""
    seq, handler, event_id, event_type, correlation_id, attempts, error_type, message, died_at, body = row
    _refuse_others(str, handler, event_id, event_type, correlation_id)
    _refuse_others(int, attempts)
    return DeadLetter(
        seq=seq,
        handler=handler,
        event_id=event_id,
        event_type=event_type,
        correlation_id=correlation_id,
        attempts=attempts,
        failure=Failure(error_type, message),
        died_at=datetime.fromisoformat(died_at),
        event=_event(versions, seq, body)[0],
    )


@whole
def workflow(row: Row) -> WorkflowRecord:
    """The state of a workflow."""
    workflow_id, state, account, session, started_at, updated_at, sequence, finished, body = row
    _refuse_others(str, workflow_id, state, account, session)
    _refuse_others(int, sequence)
    text, damage = _json_text(body)
    return WorkflowRecord(
        workflow_id=workflow_id,
        state=state,
        body=text,
        account=account,
        session=session,
        started_at=datetime.fromisoformat(started_at),
        updated_at=datetime.fromisoformat(updated_at),
        sequence=sequence,
        finished=bool(finished),
        damage=f"workflow {workflow_id}: {damage}" if damage else None,
    )


def _event(versions: Versions, seq: int, body: bytes) -> tuple[BaseEvent | None, str]:
    try:
        return versions.parse(body), ""
    except EventRefused as refused:
        return None, f"row {seq} of events: {refused}"


def _refuse_others(kind: type, *values: object) -> None:
    """SQLite keeps a value of any kind in any column."""
    for value in values:
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} stands where there should be a {kind.__name__}")


def _json_text(body: bytes) -> tuple[str, str]:
    try:
        from_json(body)
        return body.decode(), ""
    except ValueError as error:  # a UnicodeDecodeError is one too
        return "", f"its state cannot be read as JSON: {error}"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
