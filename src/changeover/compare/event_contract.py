"""The events of a candidate held against the contract of their bus; each breach is a divergence of its own.

An example, of the contract `start="Placed", end=["Shipped"], answers={"Charge": "Charged"}`:

    1 Placed                         2 Charge, caused by 1            3 Shipped, caused by 1
    4 Charged, caused by 2, under another correlation id

Event 3 ends the run while `Charge` has no answer: `event-unanswered` at `Charge`. Event 4 comes after the
end: `event-after-end`, and `event-correlation`, as its cause has another id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from changeover.compare.change_pattern import pattern_of
from changeover.compare.comparison import comparer_error
from changeover.compare.event_runs import EventRun, EventTrees
from changeover.values.divergence import ABSENT, AFTER_ALL, Divergence, Kind
from changeover.values.equality import strictly_same
from changeover.values.event import EventPoint, EventStep
from changeover.values.event_contract import Carries, EventContract
from changeover.values.form import open_value, plain
from changeover.values.limits import NotComparable
from changeover.values.observation import Observation, Raised
from changeover.values.place import Place, RowKey, normalise, render
from changeover.values.reading import Shape


def contract_breaches(
    contracts: Mapping[str, EventContract], candidate: Observation, *, replayed: bool
) -> list[Divergence]:
    """What the candidate's events break, in the order of contracts; one breach of a kind at each place.

    Args:
        contracts: by bus.
        candidate: what that path left behind.
        replayed: whether that was in a replay: what follows a refusal there proves nothing.
    """
    found: dict[tuple[str, Kind], Divergence] = {}
    for bus, contract in contracts.items():
        steps = [step for step in candidate.events if step.bus == bus]
        if not steps:
            continue
        try:
            for breach in _Checks(contract, steps, candidate, replayed=replayed).breaches():
                found.setdefault((breach.place, breach.kind), breach)
        except NotComparable as reason:
            found[bus, Kind.COMPARER_ERROR] = comparer_error(render(("events", bus)), str(reason))
    return list(found.values())


class _Checks:
    """All that a contract says of one bus."""

    def __init__(
        self, contract: EventContract, steps: Sequence[EventStep], seen: Observation, *, replayed: bool
    ) -> None:
        self._contract = contract
        self._steps = steps
        self._trees = EventTrees(steps)
        self._has_returned = not isinstance(seen.outcome, Raised)
        self._replayed = replayed
        ends, starts = frozenset(contract.end), [] if contract.start is None else [contract.start]
        self._ends = ends
        self._once = frozenset((*contract.once, *ends, *starts))
        self._late = frozenset(contract.after_end) | ends

    def breaches(self) -> Iterator[Divergence]:
        """Those of the events first, in their order, then those of whole runs."""
        yield from self._handled_twice()
        for run in self._trees.runs:
            yield from self._caused(run)
            for number, event in enumerate(run.events):
                yield from self._event(run, number, event)
            if not run.is_continued:
                yield from self._unanswered(run)

    def _caused(self, run: EventRun) -> Iterator[Divergence]:
        start, first = self._contract.start, run.first
        if start is not None and first.type != start and not run.is_continued:
            is_alone = run is self._trees.runs[0]
            kind = Kind.EVENT_CAUSE if is_alone else Kind.EVENT_CORRELATION
            said = f"begins a run, allowed: {start}"
            yield self._breach(
                kind, first, said if is_alone else f"correlation {first.correlation_id}: {said}"
            )
        for stray in run.strays:
            if not run.is_continued:
                cause = "none" if stray.causation_id is None else f"{stray.causation_id}, which is not there"
                yield self._breach(Kind.EVENT_CAUSE, stray, f"cause: {cause}")

    def _event(self, run: EventRun, number: int, event: EventStep) -> Iterator[Divergence]:
        types, earlier = self._contract.types, run.events[:number]
        if types is not None and event.type not in types:
            yield self._breach(Kind.EVENT_UNKNOWN, event, "is no type of the contract")
        cause = self._trees.cause(event)
        if cause is not None and cause.correlation_id != event.correlation_id:
            said = f"{event.correlation_id}, its cause {cause.type} has {cause.correlation_id}"
            yield self._breach(Kind.EVENT_CORRELATION, event, said)
        if event.type in self._once and any(other.type == event.type for other in earlier):
            yield self._breach(Kind.EVENT_REPEATED, event, "is published for the second time")
        ended = next((other for other in earlier if other.type in self._ends), None)
        if ended is not None and event.type not in self._late:
            yield self._breach(Kind.EVENT_AFTER_END, event, f"comes after {ended.type}")
        if not run.is_continued:
            known = {other.type for other in earlier}
            for first, then in self._contract.before:
                if then == event.type and first not in known:
                    yield self._breach(Kind.EVENT_TOO_EARLY, event, f"comes before {first}")
        for carried in self._contract.carries:
            if carried.follower == event.type:
                yield from self._carried(carried, event, earlier)

    def _carried(
        self, carried: Carries, event: EventStep, earlier: Sequence[EventStep]
    ) -> Iterator[Divergence]:
        among = [*self._trees.causes(event), *reversed(earlier)]
        source = next((other for other in among if other.type == carried.source), None)
        if source is None:
            return
        for name, follower_name in carried.pairs:
            said, says = part_of(source.content, name), part_of(event.content, follower_name)
            if said is ABSENT or (says is not ABSENT and strictly_same(said, says)):
                continue
            pattern = str(pattern_of(said, says))
            shown = {source.type: plain(said), event.type: None if says is ABSENT else plain(says)}
            place = tuple(follower_name.split("."))
            yield self._breach(Kind.EVENT_FIELD_LOST, event, shown, *place, pattern=pattern)

    def _unanswered(self, run: EventRun) -> Iterator[Divergence]:
        end = next((event for event in run.events if event.type in self._ends), None)
        if end is None and not self._has_returned:
            return
        until = run.events if end is None else run.events[: run.index(end)]
        known, at = {event.type for event in until}, AFTER_ALL if end is None else end.position
        if end is None and self._ends:
            said = f"no end: {', '.join(sorted(self._ends))}"
            yield self._breach(Kind.EVENT_UNANSWERED, run.first, said, position=at)
        if self._is_excused(until, end):
            return
        for asked, answer in self._contract.answers.items():
            if asked in known and answer not in known:
                question = next(event for event in until if event.type == asked)
                yield self._breach(Kind.EVENT_UNANSWERED, question, f"no {answer}", position=at)

    def _is_excused(self, events: Sequence[EventStep], end: EventStep | None) -> bool:
        """Whether one of them ended the run early: it was delivered, and does not only lie ahead."""
        ids = {event.event_id for event in events if event.type in self._contract.excuses}
        for step in self._steps:
            if step is end:
                return False
            if step.event_id in ids and step.point is EventPoint.DELIVERED:
                return True
        return False

    def _handled_twice(self) -> Iterator[Divergence]:
        had: dict[tuple[str, str], EventPoint] = {}
        for step in self._steps:
            if step.handler is None:
                continue
            key, is_second = (step.event_id, step.handler), False
            if step.point is EventPoint.DELIVERED:
                is_second = not step.again and had.get(key, EventPoint.FAILED) is not EventPoint.FAILED
            had[key] = step.point
            if is_second:
                yield self._breach(
                    Kind.HANDLED_TWICE, step, "had this event before", RowKey((step.handler,), (True,))
                )

    def _breach(
        self,
        kind: Kind,
        event: EventStep,
        said: Any,
        *below: str | RowKey,
        position: int | None = None,
        pattern: str | None = None,
    ) -> Divergence:
        place: Place = ("events", event.bus, event.type, *below)
        at = event.position if position is None else position
        return Divergence(
            render(place),
            kind,
            ABSENT,
            said,
            None if self._replayed else event.position,
            normal_place=normalise(place),
            pattern=pattern,
            replayed_at=at if self._replayed else 0,  # what answered is known, wherever the replay ended
        )


def part_of(content: Any, name: str) -> Any:
    """A part of what an event carries, by names that are divided by dots; ABSENT where it has none."""
    for segment in name.split("."):
        shape, parts = open_value(content)
        if shape is not Shape.NAMES or segment not in parts:
            return ABSENT
        content = parts[segment]
    return content
