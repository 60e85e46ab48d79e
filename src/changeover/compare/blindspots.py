"""What the comparison does not notice: every place of an observation is altered, the silent ones listed."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.compare.alterations import alterations_of
from changeover.compare.comparison import compare
from changeover.compare.places import normalise, render
from changeover.compare.rule import Rule
from changeover.compare.rules import Rules
from changeover.observation import Observation

ALTERATIONS_MAX = 5_000


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


def blind_spots(observation: Observation, rules: Rules, seam: str) -> BlindSpots:
    """Alter an observation in every place in turn and compare each with the original."""
    spots: list[BlindSpot] = []
    tried = 0
    for alteration in alterations_of(observation):
        if tried >= ALTERATIONS_MAX:
            return BlindSpots(tuple(spots), tried, left_out=True)
        tried += 1
        comparison = compare(observation, alteration.observation, rules, seam=seam)
        if not comparison.divergences:
            spots.append(
                BlindSpot(
                    render(alteration.place),
                    normalise(alteration.place),
                    alteration.change,
                    tuple(accepted.rule for accepted in comparison.accepted),
                )
            )
    return BlindSpots(tuple(spots), tried, left_out=False)
