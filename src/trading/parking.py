"""The parking list: what stands still, since when, what it waits for, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trading.events.journal.backlog import Backlog
from trading.events.journal.records import WorkflowRecord
from trading.events.schema.catalogue import VERSIONS
from trading.handlers.overdue import awaited_events, given_up_from, overdue_from
from trading.handlers.progress import WorkflowProgress, state_of
from trading.run_guard import DIRECT


@dataclass(frozen=True, slots=True)
class ParkedWorkflow:
    """A workflow that has not ended in time: the events that it waits for, and those that came early."""

    workflow_id: str
    session: str
    state: str
    awaited: tuple[str, ...]
    early: tuple[str, ...]
    since: datetime
    given_up_from: datetime


@dataclass(frozen=True, slots=True)
class Parking:
    """All that stands still in a journal at one moment."""

    as_of: datetime
    backlog: Backlog
    workflows: tuple[ParkedWorkflow, ...]


def look_at_parking(backlog: Backlog, records: Sequence[WorkflowRecord], now: datetime) -> Parking:
    """What of these workflows is overdue by then; a journal that has seen later events is asked by those."""
    as_of = now if backlog.as_of is None else max(now, backlog.as_of)
    return Parking(as_of, backlog, tuple(_parked(record) for record in records if _is_overdue(record, as_of)))


def _is_overdue(record: WorkflowRecord, now: datetime) -> bool:
    known = record.state != DIRECT and record.damage is None
    return known and not record.finished and now >= overdue_from(record.started_at)


def _parked(record: WorkflowRecord) -> ParkedWorkflow:
    progress = WorkflowProgress.from_json(record.body)
    return ParkedWorkflow(
        workflow_id=record.workflow_id,
        session=record.session,
        state=record.state,
        awaited=awaited_events(state_of(record), progress),
        early=tuple(VERSIONS.parse(text).event_type for text in progress.parked),
        since=record.updated_at,
        given_up_from=given_up_from(record.started_at),
    )
