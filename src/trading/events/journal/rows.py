"""Rows of a journal in SQLite as records; a damaged row is a value that says so, and the rest goes on."""

from datetime import datetime
from typing import Any

from pydantic_core import from_json

from trading.events.envelope import BaseEvent
from trading.events.records import (
    DamagedDelivery,
    DeadLetter,
    Delivery,
    Failure,
    Outcome,
    StoredDelivery,
    StoredEvent,
    WorkflowRecord,
)
from trading.events.versions import EventRefused, Versions

Row = tuple[Any, ...]


def delivery(row: Row, versions: Versions) -> Delivery | DamagedDelivery:
    """A delivery that is to be done."""
    seq, event_id, event_type, correlation_id, body, handler, attempt = row
    event, damage = _event(versions, seq, body)
    if event is None:
        return DamagedDelivery(seq, event_id, event_type, correlation_id, handler, attempt, damage)
    return Delivery(seq, event, handler, attempt)


def stored_event(row: Row, deliveries: list[Row], versions: Versions) -> StoredEvent:
    """An event with the fate of its deliveries."""
    seq, recorded_at, body = row
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


def run_event(row: Row, versions: Versions) -> BaseEvent | None:
    """The event of a row, or None where it cannot be read."""
    seq, _, body = row
    return _event(versions, seq, body)[0]


def dead_letter(row: Row, versions: Versions) -> DeadLetter:
    """A delivery that was given up."""
    seq, handler, event_id, event_type, correlation_id, attempts, error_type, message, died_at, body = row
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


def workflow(row: Row) -> WorkflowRecord:
    """The state of a workflow."""
    workflow_id, state, account, session, started_at, updated_at, sequence, finished, body = row
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


def _json_text(body: bytes) -> tuple[str, str]:
    try:
        from_json(body)
        return body.decode(), ""
    except ValueError as error:  # a UnicodeDecodeError is one too
        return "", f"its state cannot be read as JSON: {error}"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
