"""The course of a comparison, and the own times of both paths in it; both in bounded memory.

Its periods are quarters where cases are named after days, else slices of one length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from random import Random
from typing import NamedTuple, Protocol

from changeover.evidence.store.summary import PeriodCell, PeriodLabel, Timeline
from changeover.quick_dataclass import dataclass
from changeover.values.verdict import Verdict

SLICES_MAX = 32
QUARTERS_MAX = 200
_DAY = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
_DIVERGED = (Verdict.UNSAFE, Verdict.DIVERGED)


_Cells = dict[str, PeriodCell]


class EndedRun(Protocol):
    """A run by its seam and its verdict."""

    @property
    def seam(self) -> str:
        """Which it passed."""

    @property
    def verdict(self) -> Verdict:
        """How it ended."""


@dataclass(slots=True)
class Periods:
    """Add every case in its order; memory is bounded by the number of seams.

    A name without a day, or more quarters than are kept, and the whole is told in slices. When there are more
    slices than are shown, two become one and from then on hold twice as many cases.
    """

    _slices: list[_Cells] = field(default_factory=list)
    _quarters: dict[PeriodLabel, _Cells] | None = field(default_factory=dict)
    _width: int = 1
    _cases: int = 0

    def add(self, case: str, runs: Iterable[EndedRun]) -> None:
        """One case with its runs."""
        at = self._cases // self._width
        if at == SLICES_MAX:
            self._slices = [
                _merged(one, other) for one, other in zip(self._slices[::2], self._slices[1::2], strict=True)
            ]
            self._width *= 2
            at = self._cases // self._width
        if at == len(self._slices):
            self._slices.append({})
        self._cases += 1
        places = [self._slices[at]]
        if self._quarters is not None:
            quarter = quarter_of(case)
            if quarter is None or (quarter not in self._quarters and len(self._quarters) >= QUARTERS_MAX):
                self._quarters = None
            else:
                places.append(self._quarters.setdefault(quarter, {}))
        for run in runs:
            verdict = run.verdict
            for cells in places:
                cells.setdefault(run.seam, PeriodCell()).add(verdict, 1, verdict in _DIVERGED)

    def timeline(self, seams: Iterable[str]) -> Timeline:
        """For each of these seams what was seen of it."""
        if self._quarters:
            labels = sorted(self._quarters.keys(), key=lambda label: label.text)
            columns = [self._quarters[label] for label in labels]
        else:
            columns = self._slices
            labels = [
                PeriodLabel(f"{start + 1:,} to {min(start + self._width, self._cases):,}")
                for start in range(0, self._cases, self._width)
            ]
        empty = PeriodCell()
        found = {seam: tuple(cells.get(seam, empty) for cells in columns) for seam in seams}
        return Timeline(tuple(labels), found)


def quarter_of(case: str) -> PeriodLabel | None:
    """The quarter of the first day in a name: `2011 Q3`."""
    found = _DAY.search(case)
    if found is None:
        return None
    return PeriodLabel(f"{found[1]} Q{(int(found[2]) + 2) // 3}")


def _merged(one: _Cells, other: _Cells) -> _Cells:
    for seam, cell in other.items():
        one.setdefault(seam, PeriodCell()).add(cell.worst, cell.runs, cell.diverged)
    return one


TIMES_KEPT_MAX = 100_000


class Quantiles(NamedTuple):
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
