"""What a search for blind spots means for a gate: one answer and one review for each phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from changeover.evidence.mutation_search import BlindSpotSearch, FoundSpot
from changeover.evidence.store.records import Review
from changeover.gate.accepted_blind_spots import AcceptedBlindSpot
from changeover.gate.verdict import Answer

KIND = "blind-spots"


@dataclass(frozen=True, slots=True)
class JudgedSpot:
    """A blind spot, how often it was met, and the entry that accepts it, if one does."""

    spot: FoundSpot
    times: int
    accepted: AcceptedBlindSpot | None

    @property
    def is_open(self) -> bool:
        """True where a phase may not go on with it: nobody accepts it, or nobody may."""
        return self.spot.is_effect or self.accepted is None

    def as_data(self) -> dict[str, Any]:
        """As a review keeps it."""
        return {
            "seam": self.spot.seam,
            "place": self.spot.place,
            "change": self.spot.change,
            "hidden_by": list(self.spot.hidden_by),
            "effect": self.spot.is_effect,
            "times": self.times,
            "accepted": not self.is_open,
            "reason": None if self.accepted is None else self.accepted.reason,
        }


class BlindSpotReview:
    """A search that is over, for the phases whose seams (by phase) were looked at."""

    def __init__(
        self,
        search: BlindSpotSearch,
        seams: dict[str, list[str]],
        accepted: Sequence[AcceptedBlindSpot],
    ) -> None:
        self.search = search
        self.seams = seams
        self.spots = sorted(
            (JudgedSpot(spot, times, _accepting(spot, accepted)) for spot, times in search.spots.items()),
            key=lambda one: (not one.spot.is_effect, not one.is_open, one.spot.seam, one.spot.place),
        )
        looked_at = [seam for names in seams.values() for seam in names if search.tried[seam]]
        used = {id(one.accepted) for one in self.spots}
        self.unused = [
            one for one in accepted if id(one) not in used and any(one.speaks_of(seam) for seam in looked_at)
        ]

    @property
    def silent(self) -> list[str]:
        """Seams that no run crossed: nothing is known of them."""
        return [seam for names in self.seams.values() for seam in names if not self.search.tried[seam]]

    def answer(self, phase: str | None = None) -> Answer:
        """Of one phase, or of all: fail where a spot is open, else inconclusive where a seam is silent."""
        seams = [seam for name, names in self.seams.items() if phase in (None, name) for seam in names]
        if any(one.is_open for one in self.spots if one.spot.seam in seams):
            return Answer.FAIL
        quiet = not seams or any(not self.search.tried[seam] for seam in seams)
        return Answer.INCONCLUSIVE if quiet else Answer.PASS

    def reviews(self, at: datetime, code: str | None, rules: str) -> Iterator[Review]:
        """One for each phase, for the store."""
        for phase, seams in self.seams.items():
            spots = [one for one in self.spots if one.spot.seam in seams]
            tried = sum(self.search.tried[seam] for seam in seams)
            hidden = sum(one.times for one in spots)
            body = {"tried": tried, "spots": [one.as_data() for one in spots]}
            found = f"{tried - hidden:,} of {tried:,} noticed"
            yield Review(KIND, phase, at, code, rules, self.answer(phase), found, body)

    def as_data(self) -> dict[str, Any]:
        """For machines."""
        return {
            "answer": self.answer(),
            "phases": list(self.seams),
            "tried": self.search.tried.total(),
            "unnoticed": self.search.spots.total(),
            "effects": sum(one.times for one in self.spots if one.spot.is_effect),
            "blind_spots": [one.as_data() for one in self.spots],
            "not_looked_at": self.silent,
            "accepted_and_not_met": [{"seam": one.seam, "place": one.place} for one in self.unused],
        }


def _accepting(spot: FoundSpot, accepted: Sequence[AcceptedBlindSpot]) -> AcceptedBlindSpot | None:
    return next((one for one in accepted if one.covers(spot.seam, spot.place)), None)
