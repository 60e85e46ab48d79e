"""One handling of one event by one handler.

A handler is a callable `(event, handling) -> None` with a stable name. What it publishes and what state it
keeps goes through the handling and is committed together with the mark that the event was handled: all or
nothing. It therefore tests without a bus: build a `Handling`, call the handler, look at `published` and
`kept`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import get_ident
from typing import Any, TypeVar

from trading.clock import Clock
from trading.events.journal.port import Ledger, PermanentFailure
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import WorkflowStepFailed
from trading.ids import Ids

EVENTS_PER_RUN_MAX = 1000
CLOSING_RESERVE = 100
RUNS_COUNTED_MAX = 1024


class RunawayRun(PermanentFailure):
    """A run has published more events than any workflow needs: handlers feed each other in a circle."""


class RunCounts:
    """Counts per correlation id, of at least the last `RUNS_COUNTED_MAX` runs that published anything.

    `earlier` says how many events of a run are already in the journal, so that a restart resets nothing.
    """

    def __init__(self, earlier: Callable[[str], int]) -> None:
        self._earlier = earlier
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def of(self, correlation_id: str) -> int:
        """Events of this run so far."""
        count = self._young.get(correlation_id)
        if count is None:
            if len(self._young) >= RUNS_COUNTED_MAX:
                self._old, self._young = self._young, {}
            count = self._old.get(correlation_id)
            if count is None:
                count = self._earlier(correlation_id)
            self._young[correlation_id] = count
        return count

    def add(self, correlation_id: str, events: int) -> None:
        """Count what was published."""
        self._young[correlation_id] = self.of(correlation_id) + events

    def refuse_beyond(self, correlation_id: str, waiting: int, *, closing: bool) -> None:
        """Raise RunawayRun where one event more is too many; `closing` may use the reserve."""
        allowed = EVENTS_PER_RUN_MAX + (CLOSING_RESERVE if closing else 0)
        if self.of(correlation_id) + waiting >= allowed:
            raise RunawayRun(f"run {correlation_id} has published {allowed} events, the most a run may have")


Event = TypeVar("Event", bound=BaseEvent)

Published = tuple[BaseEvent, datetime | None]


class HandlingOver(Exception):
    """Something was published where no event is handled: by an observer, or after a handler returned."""


class OtherThread(Exception):
    """A thread used a bus, or a handling of it, while another one was in a call of that bus."""

    def __init__(self) -> None:
        super().__init__(
            "the bus is at work in another thread, and what this one publishes belongs to no handling of it; "
            "publish from one thread, or when the other call has returned"
        )


class CausationBroken(Exception):
    """An event was published during a handling as if something else had caused it."""


class Handling:
    """What a handler may do to the world of events: publish, and read and keep workflow state.

    `redelivered` says that an earlier attempt at this delivery may have begun, here or in a process that
    ended: effects outside may have happened. `published` holds events with their due time, `kept` the
    workflow records, both in order. `source` is the module and the name of the handler. `thread` is the one
    that delivers, None where there is no bus; no other may use the handling.
    """

    __slots__ = (
        "_clock",
        "_ids",
        "_ledger",
        "_runs",
        "event",
        "kept",
        "published",
        "redelivered",
        "source",
        "thread",
    )

    def __init__(
        self,
        event: BaseEvent | None,
        *,
        clock: Clock,
        ids: Ids,
        ledger: Ledger,
        source: tuple[str, str] = ("", ""),
        redelivered: bool = False,
        runs: RunCounts | None = None,
    ) -> None:
        self.event = event
        self.source = source
        self.redelivered = redelivered
        self.thread: int | None = None
        self.published: list[Published] = []
        self.kept: list[WorkflowRecord] = []
        self._clock = clock
        self._ids = ids
        self._ledger = ledger
        self._runs = runs or RunCounts(ledger.events_of_run)

    def publish(self, event_class: type[Event], *, due: datetime | None = None, **fields: Any) -> Event:
        """Build an event of this run, caused by the present one; it is delivered after the present one."""
        cause = self._present()
        event = event_class(
            event_id=self._ids.new("event"),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            timestamp=self._clock.now(),
            source_module=self.source[0],
            source_component=self.source[1],
            **fields,
        )
        self.take(event, due)
        return event

    def take(self, event: BaseEvent, due: datetime | None) -> None:
        """Publish an event that is already built; raises CausationBroken if it tells another story."""
        cause = self._present()
        if event.causation_id != cause.event_id or event.correlation_id != cause.correlation_id:
            raise CausationBroken(
                f"{event.event_type} {event.event_id}: published while {cause.event_id} of run "
                f"{cause.correlation_id} is handled, but names {event.causation_id} of {event.correlation_id}"
            )
        closing = isinstance(cause, WorkflowStepFailed)
        self._runs.refuse_beyond(cause.correlation_id, len(self.published), closing=closing)
        self.published.append((event, due))

    def workflow(self, workflow_id: str) -> WorkflowRecord | None:
        """The state of a workflow, as this handling left it."""
        self._present()
        for record in reversed(self.kept):
            if record.workflow_id == workflow_id:
                return record
        return self._ledger.workflow(workflow_id)

    def run_events(self) -> Sequence[BaseEvent]:
        """All events of this run that the journal holds, the present one included."""
        return self._ledger.run_events(self._present().correlation_id)

    def find_event(self, event_id: str) -> BaseEvent | None:
        """An event that the journal holds, or None where it holds none of that id, or cannot read it."""
        self._present()
        return self._ledger.find_event(event_id)

    def keep(self, record: WorkflowRecord) -> None:
        """Keep the state of a workflow: the first one, or one `advanced` from what `workflow` gave."""
        self._present()
        self.kept.append(record)

    def clear(self) -> None:
        """Forget what was published and kept."""
        self.published.clear()
        self.kept.clear()

    def refuse_other_thread(self) -> None:
        """Raise OtherThread where another thread than this one is delivering."""
        thread = self.thread  # read once: the other thread may end its call meanwhile
        if thread is not None and thread != get_ident():
            raise OtherThread

    def _present(self) -> BaseEvent:
        self.refuse_other_thread()
        if self.event is None:
            raise HandlingOver("published, or asked for state, where no event is being handled")
        return self.event
