"""Workflows as text and as data."""

from collections.abc import Sequence
from typing import Any

from trading.events.journal.records import DeadLetter, Outcome, StoredDelivery, WorkflowRecord
from trading.results import ResultDict
from trading.tracking import LABEL, EventNode, TrackedWorkflow
from trading.wording import percent, table

SCHEMA_VERSION = 1
MARKS = {
    Outcome.HANDLED: "",
    Outcome.PENDING: " (to do)",
    Outcome.RETRY: " (again later)",
    Outcome.DEAD: " DEAD",
}


def workflows_screen(records: Sequence[WorkflowRecord]) -> list[str]:
    """One line per workflow, the latest last."""
    if not records:
        return ["no workflow yet"]
    rows = [
        [
            record.workflow_id,
            record.session,
            LABEL.get(record.state, record.state),
            f"{record.started_at:%Y-%m-%d %H:%M:%S}Z",
            f"{(record.updated_at - record.started_at).total_seconds():,.0f} s",
        ]
        for record in records
    ]
    return table("llllr", ["workflow", "session", "state", "started", "lasted"], *rows)


def workflow_screen(workflow: TrackedWorkflow) -> list[str]:
    """State, what is awaited, the tree of events with their handlers, where the time went."""
    record = workflow.record
    lines = [
        f"{record.workflow_id}   session {record.session}   {LABEL.get(record.state, record.state)}",
        f"started {record.started_at:%Y-%m-%d %H:%M:%S}Z, last change {record.updated_at:%H:%M:%S}Z",
    ]
    if workflow.awaited is not None:
        lines.append(f"waits for {workflow.awaited}")
    if record.damage is not None:
        lines.append(f"! its record cannot be read: {record.damage}")
    if workflow.dead:
        lines.append(f"! {_counted(workflow.dead)}: `python -m trading status` lists them")
    lines.append("")
    for node in workflow.nodes:
        lines.extend(_node(node))
    times = workflow.times()
    if times:
        rows = [
            [
                time.handler,
                str(time.deliveries),
                str(time.attempts),
                f"{time.seconds * 1000:,.1f}",
                percent(time.share, 0),
            ]
            for time in times
        ]
        lines.extend(["", *table("lrrrr", ["handler", "events", "attempts", "ms", "share"], *rows)])
    return lines


def workflow_data(workflow: TrackedWorkflow) -> ResultDict:
    """The same as JSON-compatible data."""
    return {
        "schema_version": SCHEMA_VERSION,
        **record_data(workflow.record),
        "awaited": workflow.awaited,
        "retries": workflow.retries,
        "dead": workflow.dead,
        "events": [_event_data(node) for node in workflow.nodes],
        "handlers": [
            {
                "handler": time.handler,
                "events": time.deliveries,
                "attempts": time.attempts,
                "seconds": time.seconds,
            }
            for time in workflow.times()
        ],
    }


def record_data(record: WorkflowRecord) -> ResultDict:
    """One workflow in a list."""
    return {
        "workflow_id": record.workflow_id,
        "account": record.account,
        "session": record.session,
        "state": record.state,
        "finished": record.finished,
        "started_at": record.started_at.isoformat(),
        "updated_at": record.updated_at.isoformat(),
    }


def dead_letters_screen(letters: Sequence[DeadLetter]) -> list[str]:
    """What was given up, with the identifier that puts it back."""
    if not letters:
        return []
    rows = [
        [letter_id(letter), letter.event_type, f"{letter.failure.error_type}: {letter.failure.message}"]
        for letter in letters
    ]
    heading = [_counted(len(letters)), "event", "why it was given up"]
    return [*table("lll", heading, *rows), "", f"again     python -m trading retry {letter_id(letters[0])}"]


def dead_letter_data(letter: DeadLetter) -> dict[str, Any]:
    """One dead letter as JSON-compatible data."""
    return {
        "id": letter_id(letter),
        "workflow_id": letter.correlation_id,
        "event_type": letter.event_type,
        "handler": letter.handler,
        "attempts": letter.attempts,
        "error_type": letter.failure.error_type,
        "message": letter.failure.message,
        "died_at": letter.died_at.isoformat(),
    }


def _counted(letters: int) -> str:
    return "1 dead letter" if letters == 1 else f"{letters} dead letters"


def letter_id(letter: DeadLetter) -> str:
    """The journal's number of the event and the handler's name."""
    return f"{letter.seq}:{letter.handler}"


def _node(node: EventNode) -> list[str]:
    indent = "  " * node.depth
    event = node.stored.event
    if event is None:
        return [f"{indent}#{node.stored.seq} cannot be read: {node.stored.damage}"]
    lines = [f"{indent}{event.event_type}  #{node.stored.seq}  {event.timestamp:%H:%M:%S}Z"]
    lines.extend(f"{indent}    {_delivery(delivery)}" for delivery in node.deliveries)
    return lines


def _delivery(delivery: StoredDelivery) -> str:
    again = f", attempt {delivery.attempt}" if delivery.attempt > 1 else ""
    failure = delivery.failure
    why = f": {failure.error_type}: {failure.message}" if failure is not None and failure.error_type else ""
    took = f"  {delivery.took_s * 1000:,.1f} ms" if delivery.settled_at is not None else ""
    return f"-> {delivery.handler}{took}{again}{MARKS[delivery.outcome]}{why}"


def _event_data(node: EventNode) -> ResultDict:
    event = node.stored.event
    return {
        "seq": node.stored.seq,
        "depth": node.depth,
        "event_id": None if event is None else event.event_id,
        "event_type": None if event is None else event.event_type,
        "causation_id": None if event is None else event.causation_id,
        "damage": node.stored.damage,
        "handlers": [
            {
                "handler": delivery.handler,
                "outcome": delivery.outcome.value,
                "attempt": delivery.attempt,
                "seconds": delivery.took_s,
            }
            for delivery in node.deliveries
        ],
    }
