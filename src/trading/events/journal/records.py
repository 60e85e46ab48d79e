"""What bus and journal hand each other.

What is made for every delivery is a named tuple: a frozen dataclass takes six times as long to build.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from trading.events.messages.envelope import BaseEvent


class Outgoing(NamedTuple):
    """An event to be kept, with the handlers it goes to, in order, and when; `due` None is at once."""

    event: BaseEvent
    handlers: tuple[str, ...]
    due: datetime | None = None


class Delivery(NamedTuple):
    """One event for one handler; `seq` is the journal's number of the event, 0 where nothing is kept."""

    seq: int
    event: BaseEvent
    handler: str
    attempt: int = 1

    @property
    def event_id(self) -> str:
        """The id of the event."""
        return self.event.event_id

    @property
    def event_type(self) -> str:
        """The type of the event."""
        return self.event.event_type

    @property
    def correlation_id(self) -> str:
        """The run of the event."""
        return self.event.correlation_id


@dataclass(frozen=True, slots=True)
class DamagedDelivery:
    """A delivery whose stored event cannot be read any more; `reason` names the row and what is wrong."""

    seq: int
    event_id: str
    event_type: str
    correlation_id: str
    handler: str
    attempt: int
    reason: str


class Outcome(StrEnum):
    """Where a delivery stands; PENDING and RETRY are to be done, HANDLED is the inbox mark."""

    PENDING = "pending"
    RETRY = "retry"
    HANDLED = "handled"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a handling failed."""

    error_type: str
    message: str


class WorkflowRecord(NamedTuple):
    """The state of one workflow; `body` is JSON that only its handler understands.

    `sequence` grows by one with every change; a journal refuses a change that skips or repeats one.
    `damage` is set on reading where the stored body is no JSON any more; the body is then empty.
    """

    workflow_id: str
    state: str
    body: str
    account: str
    session: str
    started_at: datetime
    updated_at: datetime
    sequence: int = 1
    finished: bool = False
    damage: str | None = None

    def advanced(self, *, state: str, body: str, at: datetime, finished: bool = False) -> "WorkflowRecord":
        """The next state of the same workflow."""
        return WorkflowRecord(
            workflow_id=self.workflow_id,
            state=state,
            body=body,
            account=self.account,
            session=self.session,
            started_at=self.started_at,
            updated_at=at,
            sequence=self.sequence + 1,
            finished=finished,
        )


class Settlement(NamedTuple):
    """All that one handling leaves behind; it is kept whole or not at all.

    RETRY carries the `due` time of the next attempt, RETRY and DEAD the failure that led to them. `took_s` is
    the time inside the handler, by the bus's timer.
    """

    delivery: Delivery | DamagedDelivery
    outcome: Outcome
    at: datetime
    due: datetime | None = None
    failure: Failure | None = None
    workflows: tuple[WorkflowRecord, ...] = ()
    published: tuple[Outgoing, ...] = ()
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up, with its cause; `event` is None where the row itself is damaged."""

    seq: int
    handler: str
    event_id: str
    event_type: str
    correlation_id: str
    attempts: int
    failure: Failure
    died_at: datetime
    event: BaseEvent | None


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """How one handler fared with an event; `took_s` is the time inside it at its last attempt."""

    handler: str
    outcome: Outcome
    attempt: int
    due: datetime | None
    failure: Failure | None
    settled_at: datetime | None
    took_s: float


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the journal keeps it; `event` is None and `damage` says why where it cannot be read."""

    seq: int
    recorded_at: datetime
    event: BaseEvent | None
    damage: str | None
    deliveries: tuple[StoredDelivery, ...]
