"""Whether a cluster is new, open, fixed or regressed: told by all comparisons of its seam and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NEW = "new"
OPEN = "open"
FIXED = "fixed"
REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class Sightings:
    """Which clusters one comparison found. `compared` are the seams of which it showed something.

    `whole` is false for one that stopped early or looked at a few cases only: what such a one finds is there,
    what it does not find may be there all the same.
    """

    number: int
    source: str
    whole: bool
    compared: frozenset[str]
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_clear_of(self, seam: str, digest: str) -> bool:
        """Whether the seam was looked at in full and the cluster was not there."""
        return self.whole and seam in self.compared and digest not in self.found.get(seam, ())


def state_of(history: Sequence[Sightings], number: int, seam: str, digest: str) -> str:
    """The state of a cluster that the comparison of this number found; `history` is the oldest first.

    Once fixed and there again it is regressed, however often it is seen after that.
    """
    here = next(index for index, one in enumerate(history) if one.number == number)
    same = [one for one in history if one.source == history[here].source]
    at = same.index(history[here])
    if not any(digest in one.found.get(seam, ()) for one in same[at + 1 :]) and any(
        one.is_clear_of(seam, digest) for one in same[at + 1 :]
    ):
        return FIXED
    seen = False
    for one in same[:at]:
        if digest in one.found.get(seam, ()):
            seen = True
        elif seen and one.is_clear_of(seam, digest):
            return REGRESSED
    return OPEN if seen else NEW
