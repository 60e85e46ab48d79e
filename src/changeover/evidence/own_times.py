"""Own times of both paths, paired run by run, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

TIMES_KEPT_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds of both paths at one quantile, and how many times longer the candidate takes."""

    legacy_s: float
    candidate_s: float

    @property
    def ratio(self) -> float | None:
        """None where legacy took no measurable time."""
        return self.candidate_s / self.legacy_s if self.legacy_s > 0 else None


class OwnTimes:
    """Paired times of compared outermost runs; beyond the limit every second, fourth ... run is kept."""

    def __init__(self) -> None:
        self._pairs: list[tuple[float, float]] = []
        self._stride = 1
        self._seen = 0

    def add(self, legacy_s: float, candidate_s: float) -> None:
        """One run."""
        self._seen += 1
        if self._seen % self._stride:
            return
        self._pairs.append((legacy_s, candidate_s))
        if len(self._pairs) > TIMES_KEPT_MAX:
            self._pairs = self._pairs[1::2]
            self._stride *= 2

    def at(self, quantile: float) -> Quantiles | None:
        """The nearest-rank quantile of each path, None without runs."""
        if not self._pairs:
            return None
        rank = min(len(self._pairs) - 1, int(quantile * len(self._pairs)))
        legacy, candidate = (sorted(side)[rank] for side in zip(*self._pairs, strict=True))
        return Quantiles(legacy, candidate)

    def some(self, most: int) -> list[tuple[float, float]]:
        """At most so many of the pairs, in their order.

        Drawn at random, and the same each time: every case may have two runs of different length, of which
        equal steps would meet always the same one.
        """
        if len(self._pairs) <= most:
            return list(self._pairs)
        drawn = Random(0).sample(range(len(self._pairs)), most)  # noqa: S311  a sample, no secret
        return [self._pairs[number] for number in sorted(drawn)]
