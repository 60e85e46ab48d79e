"""What stands still, as text and as data: how many, how old, and what to do next."""

from collections.abc import Iterator
from datetime import datetime

from trading.events.journal.backlog import ParkedMessage, Waiting
from trading.parking import ParkedWorkflow, Parking
from trading.results import ResultDict

SEND = "`python -m trading run-handlers` sends them once the broker answers"
DELIVER = (
    "give the command again that was under way, or `python -m trading run-handlers`: it goes on from there"
)
AWAIT = "it goes on when that arrives; `python -m trading workflows {id}` shows what led there"
READ = "`python -m trading retry {id}` with a program that can read it, or `--drop` takes it off this list"


def parking_screen(parking: Parking) -> list[str]:
    """One line of counts; then whatever is there, the overdue first, each with the next step."""
    backlog = parking.backlog
    undelivered = sum(waiting.number for waiting in backlog.undelivered.values())
    return [
        f"outbox {backlog.outbox.number:,}, undelivered {undelivered:,}, "
        f"overdue {len(parking.workflows):,}, parked {len(backlog.parked):,}",
        *_lines(parking),
    ]


def parking_data(parking: Parking) -> ResultDict:
    """The same as JSON-compatible data; ages are in seconds."""
    backlog, now = parking.backlog, parking.as_of
    return {
        "outbox": {**_waiting_data(backlog.outbox, now), "next": SEND if backlog.outbox.number else None},
        "undelivered": [
            {"handler": handler, **_waiting_data(waiting, now), "next": DELIVER}
            for handler, waiting in backlog.undelivered.items()
        ],
        "overdue": [_workflow_data(workflow, now) for workflow in parking.workflows],
        "parked": [_message_data(message, now) for message in backlog.parked],
    }


def message_id(message: ParkedMessage) -> str:
    """What `retry` knows it by."""
    return f"parked:{message.number}"


def _lines(parking: Parking) -> Iterator[str]:
    backlog, now = parking.backlog, parking.as_of
    for workflow in parking.workflows:
        early = f"; came early: {', '.join(workflow.early)}" if workflow.early else ""
        yield (
            f"! {workflow.workflow_id}   {workflow.state} for {_age(workflow.since, now)}, waits for "
            f"{', '.join(workflow.awaited)}{early}; "
            f"given up from {workflow.given_up_from:%Y-%m-%d %H:%M:%S}Z on"
        )
        yield f"    next: {AWAIT.format(id=workflow.workflow_id)}"
    if backlog.outbox.oldest is not None:
        yield f"! outbox   {_counted(backlog.outbox, now)} not confirmed by the broker"
        yield f"    next: {SEND}"
    for handler, waiting in backlog.undelivered.items():
        yield f"! {handler}   {_counted(waiting, now)} not delivered"
    if backlog.undelivered:
        yield f"    next: {DELIVER}"
    for message in backlog.parked:
        yield f"! {message_id(message)}   {message.place} for {_age(message.at, now)}: {message.reason}"
        yield f"    next: {READ.format(id=message_id(message))}"


def _counted(waiting: Waiting, now: datetime) -> str:
    oldest = "" if waiting.oldest is None else f", the oldest for {_age(waiting.oldest, now)},"
    return f"{waiting.number:,}{oldest}"


def _age(since: datetime, now: datetime) -> str:
    return f"{_age_s(since, now):,.0f} s"


def _age_s(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0)


def _waiting_data(waiting: Waiting, now: datetime) -> ResultDict:
    oldest = waiting.oldest
    return {"number": waiting.number, "oldest_s": None if oldest is None else _age_s(oldest, now)}


def _workflow_data(workflow: ParkedWorkflow, now: datetime) -> ResultDict:
    return {
        "workflow_id": workflow.workflow_id,
        "session": workflow.session,
        "state": workflow.state,
        "awaited": list(workflow.awaited),
        "early": list(workflow.early),
        "age_s": _age_s(workflow.since, now),
        "given_up_from": workflow.given_up_from.isoformat(),
        "next": AWAIT.format(id=workflow.workflow_id),
    }


def _message_data(message: ParkedMessage, now: datetime) -> ResultDict:
    return {
        "id": message_id(message),
        "place": message.place,
        "event_id": message.event_id,
        "event_type": message.event_type,
        "reason": message.reason,
        "age_s": _age_s(message.at, now),
        "next": READ.format(id=message_id(message)),
    }
