"""Verdicts of a seam's runs and effects of a method, counted so that every row and column adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Protocol

from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side
from changeover.values.verdict import EVIDENCE, Verdict

NOT_COMPARED = (Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS)


class CountedRun(Protocol):
    """What is counted of a run; `gave_nothing` is None where it was not answered, or showed nothing."""

    @property
    def verdict(self) -> Verdict:
        """How it ended."""

    @property
    def gave_nothing(self) -> bool | None:
        """Whether the answering path gave nothing."""

    @property
    def reads(self) -> Mapping[Side, Iterable[str]]:
        """The methods that each side asked."""


@dataclass(slots=True)
class SeamTally:
    """runs = match + tolerated + waived + diverged + not_compared.

    `gave_up` counts compared runs in which the answering path did nothing, or gave nothing where the other
    one did (`Run.reference_gave_nothing`): a reference that did nothing else did not run. `gave_nothing`
    counts likewise among all runs that were `answered`, failed ones included. `reads` counts, by side and
    method, alike runs that asked; a comparison that was kept has none.
    """

    seam: str
    phase: str
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    gave_up: int = 0
    answered: int = 0
    gave_nothing: int = 0
    reads: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in Side})

    def add(self, run: CountedRun) -> None:
        """One more run."""
        verdict = run.verdict
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        if run.gave_nothing is None:
            return
        self.answered += 1
        self.gave_nothing += run.gave_nothing
        if verdict in NOT_COMPARED:
            return
        self.gave_up += run.gave_nothing
        if verdict in EVIDENCE:  # where something differs, a path may have ended before it asked
            for side, methods in run.reads.items():
                self.reads[side].update(methods)

    def of(self, *verdicts: Verdict) -> int:
        """How many ended so."""
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts)

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self.verdicts.values())

    @property
    def match(self) -> int:
        """Nothing differs."""
        return self.of(Verdict.MATCH)

    @property
    def tolerated(self) -> int:
        """What differs is accepted by a rule."""
        return self.of(Verdict.TOLERATED)

    @property
    def alike(self) -> int:
        """Nothing differs, or only what a rule accepts."""
        return self.of(*EVIDENCE)

    @property
    def waived(self) -> int:
        """What differs is accepted for now."""
        return self.of(Verdict.WAIVED)

    @property
    def diverged(self) -> int:
        """Something differs; the unsafe ones as well."""
        return self.of(Verdict.DIVERGED, Verdict.UNSAFE)

    @property
    def unsafe(self) -> int:
        """An effect differs."""
        return self.of(Verdict.UNSAFE)

    @property
    def not_compared(self) -> int:
        """Failed, dropped, or nothing was there to compare."""
        return self.of(*NOT_COMPARED)

    @property
    def failed(self) -> int:
        """Could not be compared, or was dropped: somebody has to look at it."""
        return self.of(Verdict.FAILED, Verdict.UNPAIRED)

    @property
    def compared(self) -> int:
        """Runs that showed something."""
        return self.runs - self.not_compared

    @property
    def reference_gave_up(self) -> bool:
        """Whether the answering path never did anything."""
        return 0 < self.compared == self.gave_up

    @property
    def times_nothing_was_given(self) -> tuple[int, int]:
        """In how many runs, and of how many; of compared ones alone where nothing else was counted."""
        return (self.gave_nothing, self.answered) if self.answered else (self.gave_up, self.compared)

    @property
    def reference_mostly_gave_nothing(self) -> bool:
        """Whether the answering path gave nothing in most of the runs that it answered."""
        nothing, answered = self.times_nothing_was_given
        return 2 * nothing > answered


def total_of(tallies: Iterable[SeamTally]) -> SeamTally:
    """All seams together."""
    total = SeamTally("", "")
    for tally in tallies:
        for verdict, number in tally.verdicts.items():
            total.verdicts[verdict] = total.verdicts.get(verdict, 0) + number
    return total


@dataclass(slots=True)
class EffectCounts:
    """One port method. asked = equal + changed + only_asked; performed = equal + changed + only_performed."""

    name: str
    performed: int = 0
    asked: int = 0
    equal: int = 0
    changed: int = 0
    refused: int = 0

    @property
    def only_performed(self) -> int:
        """Performed, and not asked for by the other path."""
        return self.performed - self.equal - self.changed

    @property
    def only_asked(self) -> int:
        """Asked for by the other path alone."""
        return self.asked - self.equal - self.changed

    @property
    def one_side(self) -> int:
        """On one side only."""
        return self.only_performed + self.only_asked


def total_effects(effects: Iterable[EffectCounts]) -> EffectCounts:
    """All methods together."""
    names = ("performed", "asked", "equal", "changed", "refused")
    found = list(effects)
    return EffectCounts("", *(sum(getattr(one, name) for one in found) for name in names))
