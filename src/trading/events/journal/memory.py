"""A journal in memory, for tests and for runs that nobody resumes; it grows until it is pruned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trading.events.journal.backlog import Backlog, Waiting
from trading.events.journal.port import DUE_BATCH_MAX, AlreadySettled, SettlementRefused
from trading.events.journal.records import (
    DamagedDelivery,
    DeadLetter,
    Delivery,
    Failure,
    Outcome,
    Outgoing,
    Settlement,
    StoredDelivery,
    StoredEvent,
    WorkflowRecord,
)
from trading.events.messages.envelope import BaseEvent

_NO_FAILURE = Failure("", "")


@dataclass(slots=True)
class _Slot:
    """One handler's delivery of one event."""

    handler: str
    due: datetime | None
    outcome: Outcome = Outcome.PENDING
    attempt: int = 1
    failure: Failure | None = None
    settled_at: datetime | None = None
    took_s: float = 0.0


@dataclass(slots=True)
class _Row:
    """One event; events are frozen, so the object itself is kept."""

    seq: int
    event: BaseEvent
    recorded_at: datetime
    slots: dict[str, _Slot] = field(default_factory=dict)


class MemoryJournal:
    """Keeps what a file would keep, as long as the process lives."""

    def __init__(self) -> None:
        self._rows: dict[int, _Row] = {}
        self._numbers: dict[str, int] = {}
        self._runs: dict[str, list[int]] = {}
        self._open: dict[tuple[int, str], _Slot] = {}
        self._workflows: dict[str, WorkflowRecord] = {}
        self._last = 0

    def claim(self) -> None:
        """No other process can reach it."""

    def append(self, outgoing: Outgoing, at: datetime) -> int | None:
        """Keep an event with its deliveries."""
        return None if outgoing.event.event_id in self._numbers else self._add(outgoing, at)

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        """Keep all of one handling; everything that can be refused is looked at before anything changes."""
        delivery = settlement.delivery
        key = (delivery.seq, delivery.handler)
        slot = self._open.get(key)
        if slot is None or slot.attempt != delivery.attempt:
            raise AlreadySettled(f"event {delivery.seq} was settled for {delivery.handler} already")
        published = [outgoing.event.event_id for outgoing in settlement.published]
        for event_id in published:
            if event_id in self._numbers or published.count(event_id) > 1:
                raise SettlementRefused(f"event id {event_id} is taken already")
        if settlement.workflows:
            self._workflows.update(self._changes(settlement.workflows))
        slot.outcome, slot.failure, slot.due = settlement.outcome, settlement.failure, settlement.due
        slot.settled_at, slot.took_s = settlement.at, settlement.took_s
        if settlement.outcome is Outcome.RETRY:
            slot.attempt += 1
        else:
            del self._open[key]
        return tuple([self._add(outgoing, settlement.at) for outgoing in settlement.published])

    def keep(self, record: WorkflowRecord) -> None:
        """Keep the state of a run that has no events."""
        self._workflows.update(self._changes((record,)))

    def undelivered(self) -> Sequence[Delivery | DamagedDelivery]:
        """Open deliveries without a due time, in the order of publication."""
        return [self._delivery(seq, slot) for (seq, _), slot in self._in_order() if slot.due is None]

    def due(self, now: datetime) -> Sequence[Delivery | DamagedDelivery]:
        """Open deliveries that are due, earliest first."""
        found = [(slot.due, seq, slot) for (seq, _), slot in self._in_order() if slot.due and slot.due <= now]
        found.sort(key=lambda entry: entry[:2])
        return [self._delivery(seq, slot) for _, seq, slot in found[:DUE_BATCH_MAX]]

    def next_due(self) -> datetime | None:
        """The earliest due time of an open delivery."""
        return min((slot.due for slot in self._open.values() if slot.due), default=None)

    def last_number(self) -> int:
        """The number of the latest event."""
        return self._last

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a handler is to try an event of this run again."""
        return any(
            slot.attempt > 1 and self._rows[seq].event.correlation_id == correlation_id
            for (seq, _), slot in self._open.items()
        )

    def is_waiting(self) -> bool:
        """Whether a delivery is to be done now or again."""
        return any(slot.due is None or slot.attempt > 1 for slot in self._open.values())

    def find_event(self, event_id: str) -> BaseEvent | None:
        """An event by its id."""
        number = self._numbers.get(event_id)
        return None if number is None else self._rows[number].event

    def run_events(self, correlation_id: str) -> Sequence[BaseEvent]:
        """All events of a run."""
        return [self._rows[seq].event for seq in self._runs.get(correlation_id, ())]

    def events_of_run(self, correlation_id: str) -> int:
        """How many events of a run are kept."""
        return len(self._runs.get(correlation_id, ()))

    def workflow(self, workflow_id: str) -> WorkflowRecord | None:
        """The state of a workflow."""
        return self._workflows.get(workflow_id)

    def events(self, correlation_id: str) -> Sequence[StoredEvent]:
        """All events of a run."""
        return [_stored(self._rows[seq]) for seq in self._runs.get(correlation_id, ())]

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Every delivery that was given up."""
        return [
            _letter(row, slot)
            for row in self._rows.values()
            for slot in row.slots.values()
            if slot.outcome is Outcome.DEAD
        ]

    def dead_letter(self, seq: int, handler: str) -> DeadLetter | None:
        """One of them."""
        row = self._rows.get(seq)
        slot = row.slots.get(handler) if row else None
        return _letter(row, slot) if row and slot and slot.outcome is Outcome.DEAD else None

    def put_back(self, seq: int, handler: str, now: datetime) -> bool:
        """Make a dead letter due again."""
        if self.dead_letter(seq, handler) is None:
            return False
        slot = self._rows[seq].slots[handler]
        slot.outcome, slot.attempt, slot.due, slot.settled_at = Outcome.PENDING, 1, now, None
        self._open[seq, handler] = slot
        return True

    def workflows(
        self,
        *,
        account: str | None = None,
        session: str | None = None,
        after: str = "",
        unfinished_only: bool = False,
    ) -> Sequence[WorkflowRecord]:
        """Workflows in the order in which they started."""
        found = [
            record
            for record in self._workflows.values()
            if account in (None, record.account)
            and session in (None, record.session)
            and record.session > after
            and not (unfinished_only and record.finished)
        ]
        return sorted(found, key=lambda record: (record.started_at, record.workflow_id))

    def backlog(self) -> Backlog:
        """No broker is behind it: there is no outbox, and nothing comes that could be set aside."""
        undelivered: dict[str, Waiting] = {}
        for (seq, handler), slot in self._in_order():
            if slot.due is None or slot.attempt > 1:
                known = undelivered.get(handler, Waiting(0, self._rows[seq].recorded_at))
                undelivered[handler] = Waiting(known.number + 1, known.oldest)
        latest = self._rows[self._last].recorded_at if self._last in self._rows else None
        return Backlog(undelivered=undelivered, as_of=latest)

    def remove_parked(self, number: int) -> bool:
        """There is none."""
        return False

    def prune(self, before: datetime) -> int:
        """Forget old runs that are over."""
        over = [run for run, numbers in self._runs.items() if self._is_over(run, numbers, before)]
        forgotten = [seq for run in over for seq in self._runs.pop(run)]
        for seq in forgotten:
            del self._numbers[self._rows.pop(seq).event.event_id]
        return len(forgotten)

    def close(self) -> None:
        """There is no file."""

    def _add(self, outgoing: Outgoing, at: datetime) -> int:
        event = outgoing.event
        self._last += 1
        row = _Row(self._last, event, at)
        for handler in outgoing.handlers:
            row.slots[handler] = self._open[row.seq, handler] = _Slot(handler, outgoing.due)
        self._rows[row.seq] = row
        self._numbers[event.event_id] = row.seq
        self._runs.setdefault(event.correlation_id, []).append(row.seq)
        return row.seq

    def _changes(self, records: Sequence[WorkflowRecord]) -> dict[str, WorkflowRecord]:
        """What these records change; raises SettlementRefused, and then nothing has changed."""
        changed: dict[str, WorkflowRecord] = {}
        for record in records:
            before = changed.get(record.workflow_id) or self._workflows.get(record.workflow_id)
            expected = before.sequence + 1 if before else 1
            if record.sequence != expected:
                raise SettlementRefused(
                    f"workflow {record.workflow_id}: change {record.sequence} came where {expected} is next"
                )
            changed[record.workflow_id] = record
        return changed

    def _is_over(self, run: str, numbers: list[int], before: datetime) -> bool:
        record = self._workflows.get(run)
        if record is not None and not record.finished:
            return False
        rows = [self._rows[seq] for seq in numbers]
        return all(row.recorded_at < before for row in rows) and all(
            slot.outcome is Outcome.HANDLED for row in rows for slot in row.slots.values()
        )

    def _in_order(self) -> list[tuple[tuple[int, str], _Slot]]:
        """Open deliveries by event, and for one event in the order of its handlers."""
        open_events = sorted({seq for seq, _ in self._open})
        return [
            ((seq, handler), slot)
            for seq in open_events
            for handler, slot in self._rows[seq].slots.items()
            if (seq, handler) in self._open
        ]

    def _delivery(self, seq: int, slot: _Slot) -> Delivery:
        return Delivery(seq, self._rows[seq].event, slot.handler, slot.attempt)


def _letter(row: _Row, slot: _Slot) -> DeadLetter:
    return DeadLetter(
        seq=row.seq,
        handler=slot.handler,
        event_id=row.event.event_id,
        event_type=row.event.event_type,
        correlation_id=row.event.correlation_id,
        attempts=slot.attempt,
        failure=slot.failure or _NO_FAILURE,
        died_at=slot.settled_at or row.recorded_at,
        event=row.event,
    )


def _stored(row: _Row) -> StoredEvent:
    slots = row.slots.values()
    return StoredEvent(
        seq=row.seq,
        recorded_at=row.recorded_at,
        event=row.event,
        damage=None,
        deliveries=tuple(
            StoredDelivery(
                slot.handler, slot.outcome, slot.attempt, slot.due, slot.failure, slot.settled_at, slot.took_s
            )
            for slot in slots
        ),
    )
