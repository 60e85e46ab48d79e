"""What the comparison does not notice: every place of an observation is altered, the silent ones listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from changeover.compare.comparison import compare
from changeover.compare.invariants import Invariant, broken_invariants
from changeover.compare.mutations import Alteration, alterations_of
from changeover.compare.places import normalise, render
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import Observation

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
        return self.place.startswith("effects")


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
