"""The contract of a journal: every event is in it before it is delivered, every handling is kept whole.

One process works on a journal at a time: `claim` takes an exclusive lock that the operating system releases
when the process ends, however it ends. Without a lease there is no time-out after which two processes might
both believe to be the owner. Reading, appending and putting dead letters back need no claim.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trading.events.journal.backlog import Backlog
from trading.events.journal.records import (
    DamagedDelivery,
    DeadLetter,
    Delivery,
    Outgoing,
    Settlement,
    StoredEvent,
    WorkflowRecord,
)
from trading.events.messages.envelope import BaseEvent

DUE_BATCH_MAX = 100


class PermanentFailure(Exception):
    """A failure that no repeat would mend; a handler that raises it is dead-lettered at once."""


class JournalBusy(Exception):
    """Another process is at work on this journal."""


class AlreadySettled(Exception):
    """A delivery was settled by somebody else in the meantime; nothing of this handling was kept."""


class SettlementRefused(PermanentFailure):
    """What a handling wants to leave behind cannot be kept; nothing of it was."""


class DamagedWorkflow(Exception):
    """The stored state of a workflow cannot be read; says which row and what is wrong."""


class Ledger(Protocol):
    """The part of a journal that the bus works with."""

    def claim(self) -> None:
        """Become the only process at work here; raises JournalBusy. Claiming twice is claiming once."""
        ...

    def append(self, outgoing: Outgoing, at: datetime) -> int | None:
        """Keep an event with its deliveries; its number, or None where its id is already kept."""
        ...

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        """Keep all of one handling in one transaction; a number for each published event.

        Raises SettlementRefused (also for an event whose id is kept already: a handling publishes once, so
        the source of ids has repeated itself) or AlreadySettled, and then keeps nothing.
        """
        ...

    def undelivered(self) -> Sequence[Delivery | DamagedDelivery]:
        """What is to be done at once, in the order of publication."""
        ...

    def due(self, now: datetime) -> Sequence[Delivery | DamagedDelivery]:
        """What was delayed and is due by now, earliest first; at most `DUE_BATCH_MAX`."""
        ...

    def next_due(self) -> datetime | None:
        """When the next delayed delivery is due, or None where there is none."""
        ...

    def last_number(self) -> int:
        """The number of the latest event, 0 where there is none."""
        ...

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a handler is to try an event of this run again."""
        ...

    def find_event(self, event_id: str) -> BaseEvent | None:
        """An event by its id, or None where there is none that can be read."""
        ...

    def run_events(self, correlation_id: str) -> Sequence[BaseEvent]:
        """All readable events of a run, in the order of publication."""
        ...

    def events_of_run(self, correlation_id: str) -> int:
        """How many events of a run are kept."""
        ...

    def workflow(self, workflow_id: str) -> WorkflowRecord | None:
        """The state of a workflow, or None where there is none; raises DamagedWorkflow."""
        ...


class Journal(Ledger, Protocol):
    """A ledger that also answers what happened."""

    def is_waiting(self) -> bool:
        """Whether a delivery is to be done now or again; one that was only delayed does not count."""
        ...

    def keep(self, record: WorkflowRecord) -> None:
        """Keep the state of a run that has no events; raises SettlementRefused like `settle`."""
        ...

    def events(self, correlation_id: str) -> Sequence[StoredEvent]:
        """All events of a run with the fate of their deliveries, in the order of publication."""
        ...

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Every delivery that was given up, oldest event first."""
        ...

    def dead_letter(self, seq: int, handler: str) -> DeadLetter | None:
        """One of them."""
        ...

    def put_back(self, seq: int, handler: str, now: datetime) -> bool:
        """Make a dead letter due again, as a first attempt; False where there is no such dead letter."""
        ...

    def workflows(
        self,
        *,
        account: str | None = None,
        session: str | None = None,
        after: str = "",
        unfinished_only: bool = False,
    ) -> Sequence[WorkflowRecord]:
        """Workflows in the order in which they started; a damaged one says so in `damage`.

        `after` keeps those of later sessions than that one.
        """
        ...

    def backlog(self) -> Backlog:
        """What has not got where it is meant to go."""
        ...

    def remove_parked(self, number: int) -> bool:
        """Take a message off the list of those set aside; False where there is none of that number."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget runs whose last event is older; how many events that were.

        A run stays whole while its workflow is unfinished or a delivery of it is pending or dead. The
        records of workflows stay: they say which sessions were traded.
        """
        ...

    def close(self) -> None:
        """Release the file and the claim."""
        ...
