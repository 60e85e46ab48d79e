"""The events of one path, as `explain` lists them: in order, with what caused each and who handled it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from changeover.compare.paths import event_at
from changeover.values.divergence import Divergence
from changeover.values.event import EventPoint, EventStep
from changeover.values.observation import Observation
from changeover.values.place import render
from changeover.values.safe_text import visible
from changeover.views.layout import Screen, and_more, cut, padded

EVENTS_SHOWN_MAX = 60
_TYPE, _CAUSE = 34, 7
_WORDS = {EventPoint.FAILED: " failed", EventPoint.DELIVERED: " not ended"}


def event_lines(
    observations: Sequence[Observation], divergences: Sequence[Divergence], screen: Screen
) -> Iterator[str]:
    """For each path and bus with events; what differs has a cross."""
    differing = {event_at(found.place) for found in divergences}
    for seen in observations:
        for bus in dict.fromkeys(step.bus for step in seen.events):
            steps = [step for step in seen.events if step.bus == bus]
            yield ""
            heads = padded(f"      {visible(bus)}, events of {seen.path}", _TYPE + 8)
            yield f"{heads}{'caused by':<{_CAUSE + 4}}handled by"
            yield from _of_bus(steps, differing, screen)


def _of_bus(steps: Sequence[EventStep], differing: set[str], screen: Screen) -> Iterator[str]:
    numbers: dict[str, int] = {}
    first: list[EventStep] = []
    for step in steps:
        if step.event_id not in numbers:
            numbers[step.event_id] = len(numbers) + 1
            first.append(step)
    handlers = _handlers(steps)
    for event in first[:EVENTS_SHOWN_MAX]:
        cause = event.causation_id
        caused = "-" if cause is None else str(numbers.get(cause, cut(visible(cause), _CAUSE)))
        mark = "x" if event_at(render(("events", event.bus, event.type))) in differing else " "
        left = f"{numbers[event.event_id]:>3} {mark}  {padded(cut(visible(event.type), _TYPE), _TYPE)}  "
        room = max(12, screen.width - len(left) - _CAUSE - 4)
        yield f"{left}{caused:<{_CAUSE + 4}}{cut(handlers[event.event_id], room)}".rstrip()
    yield from and_more(len(first) - EVENTS_SHOWN_MAX, "event", "      and")


def _handlers(steps: Sequence[EventStep]) -> defaultdict[str, str]:
    """By event its handlers in the order in which they were called, with what became of it."""
    calls: defaultdict[str, list[tuple[str, EventPoint, bool]]] = defaultdict(list)
    for step in steps:
        if step.handler is None:
            continue
        own = calls[step.event_id]
        if step.point is EventPoint.DELIVERED:
            own.append((step.handler, step.point, step.again))
            continue
        at = next((n for n, one in reversed(list(enumerate(own))) if one[0] == step.handler), None)
        if at is not None:
            own[at] = (step.handler, step.point, own[at][2])
    return defaultdict(
        str,
        {
            event: ", ".join(
                f"{visible(name)}{' again' if again else ''}{_WORDS.get(point, '')}"
                for name, point, again in own
            )
            for event, own in calls.items()
        },
    )
