"""Events that both paths publish, compared as effects are: by type, order and content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from changeover.compare.findings import Findings
from changeover.compare.rules import Node
from changeover.compare.walk import Walk
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.equality import strictly_same
from changeover.values.event import EventStep, published
from changeover.values.observation import Observation, Side

EVENTS_SHOWN_MAX = 50
Events = Sequence[EventStep]


def compared_events(observation: Observation) -> list[EventStep]:
    """Those that both paths are declared to publish, in order."""
    return [step for step in published(observation.events) if step.both]


def same_events(legacy: Observation, candidate: Observation) -> bool:
    """Whether nothing of them differs; asked before anything is walked."""
    ours, theirs = compared_events(legacy), compared_events(candidate)
    return [(one.bus, one.type) for one in ours] == [(one.bus, one.type) for one in theirs] and all(
        strictly_same(one.content, other.content) for one, other in zip(ours, theirs, strict=True)
    )


def compare_events(legacy: Observation, candidate: Observation, node: Node, walk: Walk) -> None:
    """Pair them by bus, type and number; `node` is the place `events`."""
    buses = dict.fromkeys(step.bus for side in (legacy, candidate) for step in compared_events(side))
    for bus in buses:
        ours, theirs = (
            [one for one in compared_events(side) if one.bus == bus] for side in (legacy, candidate)
        )
        _compare_bus(bus, ours, theirs, node.name(bus), walk)


def _compare_bus(bus: str, ours: Events, theirs: Events, node: Node, walk: Walk) -> None:
    findings = walk.findings
    left: defaultdict[str, list[EventStep]] = defaultdict(list)
    for event in theirs:
        left[event.type].append(event)
    met: Counter[str] = Counter()
    for event in ours:
        number = met[event.type]
        met[event.type] += 1
        if number >= len(left[event.type]):
            _one_side(Kind.EVENT_MISSING, event, findings)
        else:
            _pair(event, left[event.type][number], node, walk)
    for event_type, events in left.items():
        for event in events[met[event_type] :]:
            _one_side(Kind.EVENT_EXTRA, event, findings)
    _compare_order(bus, ours, theirs, node, findings)


def _pair(event: EventStep, other: EventStep, node: Node, walk: Walk) -> None:
    inner, outer = Findings(), walk.findings
    walk.findings = inner
    try:
        walk.visit(event.content, other.content, ("events", event.bus, event.type), node.name(event.type))
    finally:
        walk.findings = outer

    def placed(found: Divergence) -> Divergence:
        at = _at(event, other, outer.shadowed)
        if found.kind is not Kind.COMPARER_ERROR:
            found = replace(found, kind=Kind.EVENT_CHANGED, detail=found.kind)
        return replace(found, position=at[0], replayed_at=at[1])

    outer.take(inner, placed)


def _one_side(kind: Kind, event: EventStep, findings: Findings) -> None:
    legacy, candidate = (event.content, ABSENT) if kind is Kind.EVENT_MISSING else (ABSENT, event.content)
    is_replayed = findings.shadowed is (Side.LEGACY if kind is Kind.EVENT_MISSING else Side.CANDIDATE)
    position, own = (None, event.position) if is_replayed else (event.position, None)
    findings.add(
        kind, ("events", event.bus, event.type), legacy, candidate, position=position, replayed_at=own
    )


def _compare_order(bus: str, ours: Events, theirs: Events, node: Node, findings: Findings) -> None:
    """The order of those that both have; one difference a bus."""
    both = Counter(one.type for one in ours) & Counter(one.type for one in theirs)
    orders = [_first_of_each(side, both) for side in (ours, theirs)]
    if orders[0] == orders[1]:
        return
    if node.any_order_rule is not None:
        findings.accept(node.any_order_rule, differs=True)
        return
    shown = [order[:EVENTS_SHOWN_MAX] for order in orders]
    findings.add(Kind.EVENT_ORDER, ("events", bus), *shown)


def _first_of_each(events: Events, numbers: Counter[str]) -> list[str]:
    left, order = Counter(numbers), []
    for event in events:
        if left[event.type]:
            left[event.type] -= 1
            order.append(event.type)
    return order


def _at(event: EventStep, other: EventStep, shadowed: Side | None) -> tuple[int | None, int | None]:
    """The position on the tape, and among the calls of the replayed path."""
    if shadowed is None:
        return None, None
    answered, replayed = (event, other) if shadowed is Side.CANDIDATE else (other, event)
    return answered.position, replayed.position
