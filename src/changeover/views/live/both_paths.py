"""A run as its tape has it: what both paths asked and did, call by call, and how each ended."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.compare.paths import is_effect, method_at
from changeover.evidence.store.run_contents import EFFECT, RunContents, calls_in_order, error_name
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Divergence
from changeover.values.event import EventPoint, EventStep
from changeover.values.observation import LoggedBy, Observation, Outcome, PortCall, Raised, logged_by_one
from changeover.values.value_text import value_text
from changeover.views.live.diff_rows import DiffRows, diff_rows
from changeover.views.rows import pair_calls

CALLS_SHOWN_MAX = 200
DIVERGENCES_SHOWN_MAX = 50
EVENTS_SHOWN_MAX = 100
LOGGED_SHOWN_MAX = 50
_VALUE = 600
_Call = tuple[str, PortCall]


@dataclass(frozen=True, slots=True)
class CallText:
    """One call on one side: what was asked and what came of it."""

    method: str
    asked: str
    answer: str
    at: str


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call on both sides; a side is None where it did not make it. `same` says that nothing differs."""

    number: int
    word: str
    legacy: CallText | None
    candidate: CallText | None
    differs: bool
    same: bool

    @property
    def is_effect(self) -> bool:
        """Whether it changes the world."""
        return self.word == EFFECT


@dataclass(frozen=True, slots=True)
class EndRow:
    """How one path ended: what it returned or raised, and how long it took by itself."""

    side: str
    is_answering: bool
    text: str
    raised_at: str
    own_time_s: float


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of one path."""

    side: str
    bus: str
    type: str
    caused_by: str
    handled_by: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One divergence with its values as a diff, and where the candidate's value was seen before."""

    divergence: Divergence
    diff: DiffRows
    sighting: str


@dataclass(frozen=True, slots=True)
class BothPaths:
    """The whole run; what is beyond the limits is counted."""

    calls: tuple[CallRow, ...]
    calls_left_out: int
    ends: tuple[EndRow, ...]
    differences: tuple[Difference, ...]
    differences_left_out: int
    events: tuple[EventRow, ...]
    logged: tuple[LoggedBy, ...]


def both_paths(contents: RunContents) -> BothPaths:
    """The run as it is kept."""
    legacy, candidate = contents.legacy, contents.candidate
    sides = [one for one in (legacy, candidate) if one is not None]
    rows = _rows(contents)
    pairs = list(zip(contents.divergences, contents.sightings, strict=False))
    shown = pairs[:DIVERGENCES_SHOWN_MAX]
    logged = logged_by_one(legacy, candidate) if legacy is not None and candidate is not None else ()
    return BothPaths(
        tuple(rows[:CALLS_SHOWN_MAX]),
        max(0, len(rows) - CALLS_SHOWN_MAX),
        tuple(_end(one, contents) for one in sides),
        tuple(
            Difference(found, diff_rows(found), "" if seen is None else str(seen)) for found, seen in shown
        ),
        len(pairs) - len(shown),
        tuple(event for one in sides for event in _events(one))[:EVENTS_SHOWN_MAX],
        tuple(logged)[:LOGGED_SHOWN_MAX],
    )


def _rows(contents: RunContents) -> list[CallRow]:
    differing = {
        (method_at(found.place), found.position) for found in contents.divergences if is_effect(found.place)
    }
    ours, theirs = (
        [] if side is None else list(calls_in_order(side)) for side in (contents.legacy, contents.candidate)
    )
    pairs = pair_calls(ours, theirs, lambda call: repr((call[0], call[1].name, call[1].key)))
    return [_row(number, *pair, differing) for number, pair in enumerate(pairs, start=1)]


def _row(
    number: int,
    legacy: _Call | None,
    candidate: _Call | None,
    differing: set[tuple[str, int | None]],
) -> CallRow:
    calls = [one for one in (legacy, candidate) if one is not None]
    word = calls[0][0]
    crossed = any(kind == EFFECT and (call.name, call.position) in differing for kind, call in calls)
    one_sided_effect = word == EFFECT and len(calls) == 1
    texts = [None if one is None else _text(one[1]) for one in (legacy, candidate)]
    same = len(calls) == 2 and _asked(calls[0][1]) == _asked(calls[1][1])
    return CallRow(number, word, texts[0], texts[1], crossed or one_sided_effect, same and not crossed)


def _asked(call: PortCall) -> tuple[object, str]:
    return call.arguments, _outcome(call.outcome)


def _text(call: PortCall) -> CallText:
    asked = ", ".join(f"{name}={value_text(value, _VALUE)}" for name, value in call.arguments.items())
    return CallText(call.name, asked, _outcome(call.outcome), call.asked_at or "")


def _outcome(outcome: Outcome) -> str:
    if isinstance(outcome, Raised):
        return f"raised {error_name(outcome.error)}: {outcome.error}"
    return value_text(outcome.value, _VALUE)


def _end(seen: Observation, contents: RunContents) -> EndRow:
    at = seen.outcome.raised_at if isinstance(seen.outcome, Raised) else None
    return EndRow(
        str(seen.path), seen.path is contents.answered_by, _outcome(seen.outcome), at or "", seen.own_time_s
    )


def _events(seen: Observation) -> Sequence[EventRow]:
    """Each event once, with the event that caused it and the handlers that took it."""
    first: dict[str, EventStep] = {}
    handlers: dict[str, dict[str, str]] = {}
    for step in seen.events:
        first.setdefault(step.event_id, step)
        if step.handler is not None:
            ended = " failed" if step.point is EventPoint.FAILED else ""
            handlers.setdefault(step.event_id, {})[step.handler] = ended
    return [
        EventRow(
            str(seen.path),
            step.bus,
            step.type,
            first[step.causation_id].type if step.causation_id in first else step.causation_id or "",
            ", ".join(f"{name}{ended}" for name, ended in handlers.get(event, {}).items()),
        )
        for event, step in first.items()
    ]
