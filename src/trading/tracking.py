"""What the journal says about workflows, arranged for a person: the tree of events, times, failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trading.database import UNREADABLE
from trading.events.journal.records import Outcome, StoredDelivery, StoredEvent, WorkflowRecord
from trading.handlers.overdue import awaited_events
from trading.handlers.progress import WorkflowProgress, state_of
from trading.handlers.transitions import WorkflowState
from trading.run_guard import DIRECT, DIRECT_ENDED

AWAITED = {
    "AWAITING_SIGNALS": "signals",
    "ANALYSING": "account data and portfolio analysis",
    "PLANNING": "the rebalance plan",
    "EXECUTING": "the orders",
    "RECONCILING": "the reconciliation",
    DIRECT: "the end of a run without events",
}
LABEL = {DIRECT_ENDED: "ended (without events)", DIRECT: "running (without events)"}


@dataclass(frozen=True, slots=True)
class EventNode:
    """One event, how deep in the tree it stands, and how its handlers fared."""

    depth: int
    stored: StoredEvent

    @property
    def deliveries(self) -> tuple[StoredDelivery, ...]:
        """One per handler."""
        return self.stored.deliveries


@dataclass(frozen=True, slots=True)
class HandlerTime:
    """What one handler took in a workflow; `share` is of the time of all handlers."""

    handler: str
    deliveries: int
    attempts: int
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class TrackedWorkflow:
    """A workflow with its events as a tree, in the order of publication within each cause."""

    record: WorkflowRecord
    nodes: tuple[EventNode, ...]

    @property
    def awaited(self) -> str | None:
        """What it waits for, or None where it has ended."""
        return None if self.record.finished else AWAITED.get(self.record.state, "nothing that is known")

    @property
    def awaited_events(self) -> tuple[str, ...]:
        """The types of exactly the events that it waits for; none where that is not known."""
        return awaited_of(self.record)

    @property
    def message(self) -> str:
        """How it ended, as a sentence; empty where it has not, or where its record does not say."""
        progress = _progress(self.record)
        return progress.message if progress is not None and self.record.finished else ""

    @property
    def went_well(self) -> bool:
        """Whether it ended, and as it was meant to."""
        progress = _progress(self.record)
        return progress is not None and progress.success and self.record.state == WorkflowState.COMPLETED

    @property
    def dead(self) -> int:
        """Deliveries that were given up."""
        return sum(delivery.outcome is Outcome.DEAD for node in self.nodes for delivery in node.deliveries)

    @property
    def retries(self) -> int:
        """Attempts beyond the first."""
        return sum(delivery.attempt - 1 for node in self.nodes for delivery in node.deliveries)

    def times(self) -> list[HandlerTime]:
        """Handlers by what they took, the bottleneck first."""
        taken: dict[str, list[StoredDelivery]] = {}
        for node in self.nodes:
            for delivery in node.deliveries:
                taken.setdefault(delivery.handler, []).append(delivery)
        seconds = {name: sum(one.took_s for one in each) for name, each in taken.items()}
        whole = sum(seconds.values()) or 1.0
        return sorted(
            (
                HandlerTime(
                    name,
                    len(each),
                    sum(one.attempt for one in each),
                    seconds[name],
                    seconds[name] / whole,
                )
                for name, each in taken.items()
            ),
            key=lambda time: (-time.seconds, time.handler),
        )


def awaited_of(record: WorkflowRecord) -> tuple[str, ...]:
    """The types of exactly the events that a run waits for; none where that is not known, or it has ended."""
    progress = _progress(record)
    if progress is None or record.finished:
        return ()
    return awaited_events(state_of(record), progress)


def _progress(record: WorkflowRecord) -> WorkflowProgress | None:
    """None for a run without events, and for a record that cannot be read."""
    if record.damage is not None or record.state in (DIRECT, DIRECT_ENDED):
        return None
    try:
        state_of(record)
        return WorkflowProgress.from_json(record.body)
    except UNREADABLE:
        return None


class Story(Protocol):
    """What is asked of a journal."""

    def events(self, correlation_id: str) -> Sequence[StoredEvent]:
        """All events of a run with the fate of their deliveries."""
        ...


def track(journal: Story, record: WorkflowRecord) -> TrackedWorkflow:
    """The whole story of one workflow."""
    return TrackedWorkflow(record, tuple(_tree(journal.events(record.workflow_id))))


def _tree(events: Sequence[StoredEvent]) -> list[EventNode]:
    """Depth first; an event whose cause is not among them (or cannot be read) stands at the root."""
    known = {stored.event.event_id for stored in events if stored.event is not None}
    children: dict[str | None, list[StoredEvent]] = {}
    for stored in events:
        cause = None if stored.event is None else stored.event.causation_id
        children.setdefault(cause if cause in known else None, []).append(stored)
    nodes: list[EventNode] = []
    waiting = [(0, stored) for stored in reversed(children.get(None, []))]
    while waiting:
        depth, stored = waiting.pop()
        nodes.append(EventNode(depth, stored))
        if stored.event is not None:
            below = children.get(stored.event.event_id, [])
            waiting.extend((depth + 1, child) for child in reversed(below))
    return nodes
