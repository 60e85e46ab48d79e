"""Workflows that take longer than they should: when that is told, what they await, when they are given up."""

from datetime import datetime, timedelta

from trading.events.journal.records import WorkflowRecord
from trading.events.messages.rebalance import ReconciliationCompleted
from trading.events.messages.workflow import WorkflowDeadlineReached
from trading.handlers.progress import WorkflowProgress
from trading.handlers.transitions import REQUESTS, WorkflowState

OVERDUE_AFTER_S = 600.0
WORKFLOW_DEADLINE_S = 3600.0


def overdue_from(began: datetime) -> datetime:
    """From when on a workflow that began then stands on the parking list."""
    return began + timedelta(seconds=OVERDUE_AFTER_S)


def given_up_from(began: datetime) -> datetime:
    """From when on nothing that arrives for it has an effect any more."""
    return began + timedelta(seconds=WORKFLOW_DEADLINE_S)


def is_given_up(event: WorkflowDeadlineReached, record: WorkflowRecord | None) -> bool:
    """Whether this deadline ends the workflow, or is the earlier one that only tells people."""
    return record is None or event.deadline >= given_up_from(record.started_at)


def awaited_events(state: WorkflowState, progress: WorkflowProgress) -> tuple[str, ...]:
    """The types of exactly those events that a workflow waits for, none where it has ended."""
    if state is WorkflowState.RECONCILING:
        return (ReconciliationCompleted.__name__,)
    return tuple(answer.__name__ for _, answer in REQUESTS.get(state, ()) if not progress.has_applied(answer))
