"""The events of one path on one bus, sorted into runs: trees of causes, each from its first event on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from changeover.quick_dataclass import dataclass
from changeover.values.event import EventPoint, EventStep


@dataclass(slots=True)
class EventRun:
    """One run: its events in the order of publication, each once, whatever it was published for.

    `is_continued` says that its first event was caused by one that this path has not published: what came
    before it is not known.
    """

    first: EventStep
    is_continued: bool
    events: list[EventStep] = field(default_factory=list)
    strays: list[EventStep] = field(default_factory=list)
    """Those that name no cause, or one that is not there, though the run has begun."""

    def of_type(self, types: Sequence[str] | frozenset[str]) -> list[EventStep]:
        """Its events of some types, in order."""
        return [event for event in self.events if event.type in types]

    def index(self, event: EventStep) -> int:
        """How many events were published before."""
        return self.events.index(event)


class EventTrees:
    """The runs of one path on one bus, and what caused what."""

    def __init__(self, steps: Sequence[EventStep]) -> None:
        self.runs: list[EventRun] = []
        self._by_id: dict[str, EventStep] = {}
        self._run_of: dict[str, EventRun] = {}
        for step in steps:
            if step.point is EventPoint.PUBLISHED and step.event_id not in self._by_id:
                self._take(step)

    def cause(self, event: EventStep) -> EventStep | None:
        """The event that caused this one, None where this path has not published it."""
        return None if event.causation_id is None else self._by_id.get(event.causation_id)

    def causes(self, event: EventStep) -> Iterator[EventStep]:
        """Its causes, the nearest first; a circle ends where it began."""
        met = {event.event_id}
        found = self.cause(event)
        while found is not None and found.event_id not in met:
            yield found
            met.add(found.event_id)
            found = self.cause(found)

    def _take(self, event: EventStep) -> None:
        cause = self.cause(event)
        run = self._run_without_cause(event) if cause is None else self._run_of[cause.event_id]
        run.events.append(event)
        self._by_id[event.event_id] = event
        self._run_of[event.event_id] = run

    def _run_without_cause(self, event: EventStep) -> EventRun:
        """The run that has begun under its correlation id, in which it is a stray, or else a new one."""
        for run in self.runs:
            if run.first.correlation_id == event.correlation_id:
                run.strays.append(event)
                return run
        self.runs.append(EventRun(event, is_continued=event.causation_id is not None))
        return self.runs[-1]
