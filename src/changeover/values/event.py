"""What happened on a bus in one run: events that were published, delivered to a handler, and handled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, NamedTuple

from changeover.quick_dataclass import dataclass


class EventPoint(StrEnum):
    """What happened to an event; a handling that raised is `failed`, in place of `handled`."""

    PUBLISHED = "published"
    DELIVERED = "delivered"
    HANDLED = "handled"
    FAILED = "failed"


class BusEvent(NamedTuple):
    """An event as any bus can describe its own.

    `content` is what it carries beside its envelope: what is compared where both paths publish it, and what
    the next event may have to carry on. `causation_id` names the event that was handled when this one was
    published, None for the first event of a tree.
    """

    id: str
    type: str
    correlation_id: str | None = None
    causation_id: str | None = None
    content: Any = None


class EventStep(NamedTuple):
    """One thing that happened on a bus, as the path went along.

    `position` is that of the next port call of the path. `handler` is set unless the event was published,
    `content` only where it was, as it was then. `again` says that the bus delivers on purpose what it has
    delivered before: a repeat after a failure, or after a restart. `both` marks events that both paths are
    declared to publish.
    """

    point: EventPoint
    bus: str
    event_id: str
    type: str
    position: int
    correlation_id: str | None = None
    causation_id: str | None = None
    handler: str | None = None
    content: Any = None
    again: bool = False
    both: bool = False


@dataclass(slots=True)
class EventLog:
    """The steps of one path in one run, as far as they are kept; `is_full` says that there were more."""

    steps_max: int
    steps: list[EventStep] = field(default_factory=list)
    is_full: bool = False

    def add(self, step: EventStep) -> None:
        """Take one more, or say that there was no room."""
        if len(self.steps) < self.steps_max:
            self.steps.append(step)
        else:
            self.is_full = True


def published(steps: Iterable[EventStep]) -> list[EventStep]:
    """The events themselves, in the order in which they were published."""
    return [step for step in steps if step.point is EventPoint.PUBLISHED]


def step_data(step: EventStep) -> dict[str, Any]:
    """A step as JSON but for its content, without what is not set."""
    data = {name: value for name, value in step._asdict().items() if name != "content"}
    return {name: value for name, value in data.items() if value not in (None, False)}


def step_of(data: Mapping[str, Any], content: Any = None) -> EventStep:
    """The inverse of `step_data`; raises ValueError and TypeError for what is none."""
    known = {name: value for name, value in data.items() if name in EventStep._fields and name != "content"}
    return EventStep(**{**known, "point": EventPoint(data["point"])}, content=content)
