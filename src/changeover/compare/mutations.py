"""Every way to alter an observation in one place: what a comparison must notice, unless a rule hides it.

What a view lets through is altered in its plain form by `blind_spots`; `view_spots` alters an answer in its
own types, and asks only what never reaches the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from changeover.compare.altered_values import altered_answers, altered_values
from changeover.compare.comparison import compare
from changeover.compare.effects import intent_key
from changeover.compare.invariants import Invariant, broken_invariants
from changeover.compare.paths import is_effect
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Kind
from changeover.values.error_text import text_of
from changeover.values.form import plain
from changeover.values.observation import Observation, Outcome, Raised, Returned, Side, outcome_of
from changeover.values.own_state import own_state, set_state
from changeover.values.place import Place, normalise, render

T = TypeVar("T")


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
    yield from _changed_otherwise(observation)
    for place, change, other in _other_endings(outcome):
        yield Alteration(place, change, replace(observation, outcome=other), observation)
    effects = observation.effects
    for index, call in enumerate(effects):
        before, after = effects[:index], effects[index + 1 :]
        place = ("effects", call.port, call.method, intent_key(call.key))
        without, twice = before + after, (*before, call, call, *after)
        yield Alteration(place, "dropped", replace(observation, effects=without), observation)
        yield Alteration(place, "doubled", replace(observation, effects=twice), observation)
        same = replace(call, arguments=plain(call.arguments))
        base = replace(observation, effects=(*before, same, *after))
        for below, change, arguments in altered_values(same.arguments, place):
            if below != place:
                changed = (*before, replace(call, arguments=arguments), *after)
                yield Alteration(below, change, replace(observation, effects=changed), base)


def _changed_otherwise(observation: Observation) -> Iterator[Alteration]:
    """What the call left in its arguments and its object, altered in one place at a time."""
    changed = observation.changed or {}
    for root, value in changed.items():
        same = plain(value)
        base = replace(observation, changed={**changed, root: same})
        for place, change, other in altered_values(same, (root,)):
            if len(place) > 1 or root != "arguments":
                altered = replace(observation, changed={**changed, root: other})
                yield Alteration(place, change, altered, base)


def _other_endings(outcome: Outcome) -> Iterator[tuple[Place, str, Outcome]]:
    if isinstance(outcome, Returned):
        yield ("error",), "raised instead", Raised(_OtherError("raised instead"))
        return
    said = text_of(outcome.error)
    yield ("error",), "returned instead", Returned("returned instead")
    yield ("error", "type"), "changed", Raised(_OtherError(said))
    yield ("error", "message"), "changed", Raised(_saying(outcome.error, f"{said}~"))


class _OtherError(Exception):
    """An error of a type that no program raises."""


def _saying(error: BaseException, message: str) -> BaseException:
    """An error of the same name and attributes that says something else."""
    cls = type(error)
    made: type[Exception] = type(cls.__name__, (Exception,), {"__module__": cls.__module__})
    made.__qualname__ = cls.__qualname__
    altered = made(message)
    set_state(altered, own_state(error))
    altered.__cause__ = error.__cause__
    return altered


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
class Attempt:
    """One alteration, by the normal form of its place; `spot` is None where it was noticed."""

    normal_place: str
    change: str
    spot: BlindSpot | None


@dataclass(frozen=True, slots=True)
class BlindSpots:
    """All of them, of which alterations; `left_out` is true where `ALTERATIONS_MAX` ended the search."""

    attempts: tuple[Attempt, ...]
    left_out: bool

    @property
    def spots(self) -> tuple[BlindSpot, ...]:
        """Those that were not noticed."""
        return tuple(one.spot for one in self.attempts if one.spot is not None)

    @property
    def tried(self) -> int:
        """How many there were."""
        return len(self.attempts)


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

    def hidden_by(alteration: Alteration) -> tuple[Rule, ...] | None:
        comparison = compare(observation, alteration.observation, rules, seam=seam)
        if comparison.divergences or held.notice(alteration):
            return None
        return tuple(accepted.rule for accepted in comparison.accepted)

    altered = ((one.place, one.change, one) for one in alterations_of(observation))
    return _unnoticed(altered, wanted, hidden_by)


def _unnoticed(
    altered: Iterable[tuple[Place, str, T]],
    wanted: Wanted | None,
    hidden_by: Callable[[T], tuple[Rule, ...] | None],
) -> BlindSpots:
    """Those that `hidden_by` does not answer None for, which says that the alteration was noticed."""
    attempts: list[Attempt] = []
    for place, change, one in altered:
        normal_place = normalise(place)
        if wanted is not None and not wanted(normal_place, change):
            continue
        if len(attempts) >= ALTERATIONS_MAX:
            return BlindSpots(tuple(attempts), left_out=True)
        rules = hidden_by(one)
        spot = None if rules is None else BlindSpot(render(place), normal_place, change, rules)
        attempts.append(Attempt(normal_place, change, spot))
    return BlindSpots(tuple(attempts), left_out=False)


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
            self._held = [
                one for one in self._invariants if not broken_invariants([one], self._seam, base, base)
            ]
        found = broken_invariants(self._held, self._seam, base, alteration.observation)
        return any(divergence.kind is Kind.INVARIANT_BROKEN for divergence in found)


View = Callable[[Any], Any]


def view_spots(
    answer: Any, view: View, side: Side, rules: Rules, seam: str, *, wanted: Wanted | None = None
) -> BlindSpots:
    """Alter an answer in every place in turn, and compare what the view makes of it with what it made before.

    A view that raises for an altered answer has not hidden the change: such a run is not compared.
    """
    before = _seen(view, answer, side)

    def hidden_by(altered: Any) -> tuple[Rule, ...] | None:
        after = _seen(view, altered, side)
        is_seen = isinstance(after.outcome, Raised) or compare(before, after, rules, seam=seam).divergences
        return None if is_seen else ()

    return _unnoticed(altered_answers(answer, ("result",), 0), wanted, hidden_by)


def _seen(view: View, answer: Any, side: Side) -> Observation:
    return Observation(side, outcome_of(lambda: view(answer)), (), ())
