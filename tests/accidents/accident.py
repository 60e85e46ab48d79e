"""What a file of the catalogue says: how an accident is planted, and what has to be reported of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import dedent

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict

Plant = Callable[[pytest.MonkeyPatch], None]
COMPARE = ("compare", "--source", "stress")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cluster is: the seam, the place as clusters are named, and the kind of the difference."""

    seam: str
    place: str
    kind: Kind

    def covers(self, other: "Place") -> bool:
        """Whether the other one is here, or below."""
        below = other.place.removeprefix(self.place)
        is_there = other.place == self.place or (below != other.place and below[0] in ".[")
        return (other.seam, other.kind) == (self.seam, self.kind) and is_there


@dataclass(frozen=True, slots=True)
class Accident:
    """`told` is what happened, for people: a sentence, and the story after an empty line.

    `first` are the places that the first cluster may have: where it happened, or its first visible
    consequence; which of several depends on the case in which a comparison meets it first. `command` is what
    catches it, as the words after `changeover`.
    """

    told: str
    plant: Plant
    verdict: Verdict
    first: Sequence[Place]
    command: tuple[str, ...] = COMPARE

    @property
    def title(self) -> str:
        """What happened, in a sentence."""
        return " ".join(self.told.partition("\n\n")[0].split())

    @property
    def story(self) -> str:
        """What one has to know beyond."""
        return dedent(self.told.partition("\n\n")[2]).strip()
