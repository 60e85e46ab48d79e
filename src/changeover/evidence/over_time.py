"""The runs in production over time: days, or weeks where the days are many, each with its verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta

from changeover.evidence.store.production import RunGroup
from changeover.evidence.tallies import SeamTally
from changeover.quick_dataclass import dataclass
from changeover.values.verdict import Verdict

PERIODS_MAX = 60
"""More than that cannot be told apart on a page."""
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both among it, in UTC."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class OverTime:
    """By phase its tallies, one for each period; `total` has those of all phases together."""

    periods: tuple[Period, ...] = ()
    phases: Mapping[str, tuple[SeamTally, ...]] = field(default_factory=dict)
    total: tuple[SeamTally, ...] = ()


def periods_of(first: date, last: date, most: int = PERIODS_MAX) -> tuple[Period, ...]:
    """As many days, else weeks, else blocks of weeks, as fit; the last one ends with `last`."""
    days = (last - first).days + 1
    if days < 1:
        return ()
    length = 1 if days <= most else _WEEK * -(-days // (_WEEK * most))
    found = []
    end = last
    while end >= first:
        found.append(Period(max(first, end - timedelta(days=length - 1)), end))
        end -= timedelta(days=length)
    return tuple(reversed(found))


def over_time(groups: Iterable[RunGroup], phases: Sequence[str], periods: Sequence[Period]) -> OverTime:
    """Count the runs of these phases in these periods, whatever code and rules they ran with."""
    number_of = {
        period.first + timedelta(days=day): number
        for number, period in enumerate(periods)
        for day in range((period.last - period.first).days + 1)
    }
    counts: dict[str, list[Counter[Verdict]]] = {phase: [Counter() for _ in periods] for phase in phases}
    for group in groups:
        number = number_of.get(group.day)
        if number is not None and group.phase in counts:
            counts[group.phase][number][group.verdict] += group.runs
    total = [sum((counts[phase][number] for phase in phases), Counter()) for number in range(len(periods))]
    return OverTime(
        tuple(periods),
        {phase: tuple(SeamTally("", phase, dict(one)) for one in counts[phase]) for phase in phases},
        tuple(SeamTally("", "", dict(one)) for one in total),
    )
