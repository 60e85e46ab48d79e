"""Every way to alter an observation in one place: what a comparison must notice, unless a rule hides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from changeover.compare.comparison import compare
from changeover.compare.invariants import Invariant, broken_invariants
from changeover.compare.places import is_effect
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.values.divergence import Divergence, Kind
from changeover.values.form import PlainSet, plain
from changeover.values.observation import Observation, Outcome, Raised, Returned
from changeover.values.place import Key, Place, RowKey, normalise, render

_FAR = 1_000_003
"""Further than any tolerance that could be meant."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One altered copy of an observation; everything else in it is shared with `base`.

    `base` is the original with the altered part in plain form, as it is in the copy: the two differ in the
    alteration alone.
    """

    place: Place
    change: str
    observation: Observation
    base: Observation


def alterations_of(observation: Observation) -> Iterator[Alteration]:
    """Every leaf changed and every name or row dropped; every effect dropped, doubled and changed.

    An answer also becomes an error, and an error an answer or another one.
    """
    outcome = observation.outcome
    if isinstance(outcome, Returned):
        base = replace(observation, outcome=Returned(plain(outcome.value)))
        for place, change, value in altered_values(base.outcome.give(), ("result",)):
            yield Alteration(place, change, replace(observation, outcome=Returned(value)), base)
    for place, change, other in _other_endings(outcome):
        yield Alteration(place, change, replace(observation, outcome=other), observation)
    effects = observation.effects
    for index, call in enumerate(effects):
        before, after = effects[:index], effects[index + 1 :]
        key = RowKey.of(tuple(call.key) if isinstance(call.key, (tuple, list)) else (call.key,))
        place = ("effects", call.port, call.method, key)
        without, twice = before + after, (*before, call, call, *after)
        yield Alteration(place, "dropped", replace(observation, effects=without), observation)
        yield Alteration(place, "doubled", replace(observation, effects=twice), observation)
        same = replace(call, arguments=plain(call.arguments))
        base = replace(observation, effects=(*before, same, *after))
        for below, change, arguments in altered_values(same.arguments, place):
            if below != place:
                changed = (*before, replace(call, arguments=arguments), *after)
                yield Alteration(below, change, replace(observation, effects=changed), base)


def _other_endings(outcome: Outcome) -> Iterator[tuple[Place, str, Outcome]]:
    if isinstance(outcome, Returned):
        yield ("error",), "raised instead", Raised(_OtherError("raised instead"))
        return
    said = str(outcome.error)
    yield ("error",), "returned instead", Returned("returned instead")
    yield ("error", "type"), "changed", Raised(_OtherError(said))
    yield ("error", "message"), "changed", Raised(_saying(type(outcome.error), f"{said}~"))


class _OtherError(Exception):
    """An error of a type that no program raises."""


def _saying(error: type[BaseException], message: str) -> BaseException:
    """An error of the same name that says something else, whatever its class makes of its arguments."""
    names = {"__str__": lambda _: message, "__init__": lambda *_: None, "__module__": error.__module__}
    made: type[Exception] = type(error.__name__, (Exception,), names)
    made.__qualname__ = error.__qualname__
    return made()


def altered_values(value: Any, place: Place) -> Iterator[tuple[Place, str, Any]]:
    """A value in plain form, altered in one place at a time: place, what was done, the altered value."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            below = (*place, Key(name))  # of a mapping, perhaps: then it may be a code or an identifier
            yield below, "dropped", {key: other for key, other in value.items() if key is not name}
            for at, change, other in altered_values(part, below):
                yield at, change, {**value, name: other}
    elif isinstance(value, (list, PlainSet)):
        items = list(value)
        pack = list if isinstance(value, list) else _set
        for index, part in enumerate(items):
            below = (*place, index)
            yield below, "dropped", pack(items[:index] + items[index + 1 :])
            for at, change, other in altered_values(part, below):
                yield at, change, pack([*items[:index], other, *items[index + 1 :]])
    else:
        yield place, "changed", altered_leaf(value)


def _set(members: list[Any]) -> PlainSet:
    return PlainSet(tuple(members))


def altered_leaf(value: Any) -> Any:
    """Another value of the same type, far from this one; for a type that has none, a text."""
    if isinstance(value, Enum):
        return next((member for member in type(value) if member is not value), "altered")
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return Decimal(_FAR) if not value.is_finite() or abs(value) < _FAR else Decimal(-_FAR)
    if isinstance(value, (int, float)):
        return type(value)(_FAR) if abs(value) < _FAR or value != value else type(value)(-_FAR)
    if isinstance(value, str):
        return f"{value}~"
    if isinstance(value, (bytes, bytearray)):
        return value + b"~"
    if isinstance(value, (date, datetime)):
        days = timedelta(days=1_000)
        return value - days if value.year > 5_000 else value + days
    if isinstance(value, time):
        return value.replace(hour=(value.hour + 1) % 24)
    if isinstance(value, timedelta):
        return value - timedelta(days=1_000) if value.days > 0 else value + timedelta(days=1_000)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, PurePath):
        return value / "~"
    return "altered"


ALTERATIONS_MAX = 5_000
Wanted = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One alteration that was not noticed, and the rules that hid it; none where no rule did."""

    place: str
    normal_place: str
    change: str
    hidden_by: tuple[Rule, ...]

    @property
    def is_effect(self) -> bool:
        """True for a change of what was done to the world."""
        return is_effect(self.place)


@dataclass(frozen=True, slots=True)
class BlindSpots:
    """All of them, of how many alterations; `left_out` is true where `ALTERATIONS_MAX` ended the search."""

    spots: tuple[BlindSpot, ...]
    tried: int
    left_out: bool


def blind_spots(
    observation: Observation,
    rules: Rules,
    seam: str,
    *,
    invariants: Sequence[Invariant] = (),
    wanted: Wanted | None = None,
) -> BlindSpots:
    """Alter an observation in every place in turn and compare each with the original.

    An invariant that holds of the original, and not of the altered one, has noticed it too. `wanted` is asked
    with the normal form of a place and what is to be done there; None alters everything.
    """
    held = _Held(invariants, seam)
    spots: list[BlindSpot] = []
    tried = 0
    for alteration in alterations_of(observation):
        normal_place = normalise(alteration.place)
        if wanted is not None and not wanted(normal_place, alteration.change):
            continue
        if tried >= ALTERATIONS_MAX:
            return BlindSpots(tuple(spots), tried, left_out=True)
        tried += 1
        comparison = compare(observation, alteration.observation, rules, seam=seam)
        if comparison.divergences or held.notice(alteration):
            continue
        hidden_by = tuple(accepted.rule for accepted in comparison.accepted)
        spots.append(BlindSpot(render(alteration.place), normal_place, alteration.change, hidden_by))
    return BlindSpots(tuple(spots), tried, left_out=False)


class _Held:
    """The invariants that hold of an unaltered observation: only those can notice an alteration."""

    def __init__(self, invariants: Sequence[Invariant], seam: str) -> None:
        self._invariants = [one for one in invariants if one.seam == seam]
        self._seam = seam
        self._base: Observation | None = None
        self._held: list[Invariant] = []

    def notice(self, alteration: Alteration) -> bool:
        """Whether one of them says that it is broken; one that cannot tell has noticed nothing."""
        if not self._invariants:
            return False
        base = alteration.base
        if base is not self._base:
            self._base = base
            self._held = [one for one in self._invariants if not self._found([one], base, base)]
        found = self._found(self._held, base, alteration.observation)
        return any(divergence.kind is Kind.INVARIANT_BROKEN for divergence in found)

    def _found(
        self, invariants: Sequence[Invariant], ours: Observation, theirs: Observation
    ) -> tuple[Divergence, ...]:
        return broken_invariants(invariants, self._seam, ours, theirs)
