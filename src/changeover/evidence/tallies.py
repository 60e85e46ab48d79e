"""Verdicts of one seam's runs, counted so that every row and column adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from changeover.compare.comparison import Comparison
from changeover.record.replay_problems import ProblemKind
from changeover.record.run import Run
from changeover.values.observation import Side
from changeover.values.outcome import Raised
from changeover.values.verdict import Verdict

_UNANSWERED = (Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS)


def gave_up(run: Run) -> bool:
    """Whether the answering path raised, or gave None, without any effect."""
    answered = run.legacy if run.answered_by is Side.LEGACY else run.candidate
    if answered is None or answered.effects:
        return False
    return isinstance(answered.outcome, Raised) or answered.outcome.value is None


@dataclass(slots=True)
class SeamTally:
    """runs = match + tolerated + waived + diverged + not_compared.

    `gave_up` counts compared runs in which the answering path raised or, without any effect, gave None: a
    reference that did nothing else did not run. `reads` counts, by side and method, runs that asked.
    """

    seam: str
    phase: str
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    gave_up: int = 0
    reads: dict[str, Counter[str]] = field(
        default_factory=lambda: {"legacy": Counter(), "candidate": Counter()}
    )

    def add(self, run: Run, verdict: Verdict) -> None:
        """One more run."""
        self.verdicts[verdict] += 1
        if run.legacy is None or run.candidate is None or verdict in _UNANSWERED:
            return
        for observation in (run.legacy, run.candidate):
            self.reads[observation.path].update({call.name for call in observation.reads})
        self.gave_up += gave_up(run)

    @property
    def runs(self) -> int:
        """All of them."""
        return self.verdicts.total()

    @property
    def match(self) -> int:
        """Nothing differs."""
        return self.verdicts[Verdict.MATCH]

    @property
    def tolerated(self) -> int:
        """What differs is accepted by a rule."""
        return self.verdicts[Verdict.TOLERATED]

    @property
    def waived(self) -> int:
        """What differs is accepted for now."""
        return self.verdicts[Verdict.WAIVED]

    @property
    def diverged(self) -> int:
        """Something differs; the unsafe ones as well."""
        return self.verdicts[Verdict.DIVERGED] + self.verdicts[Verdict.UNSAFE]

    @property
    def unsafe(self) -> int:
        """An effect differs."""
        return self.verdicts[Verdict.UNSAFE]

    @property
    def not_compared(self) -> int:
        """Failed, dropped, or nothing was there to compare."""
        return sum(self.verdicts[verdict] for verdict in _UNANSWERED)

    @property
    def failed(self) -> int:
        """Could not be compared, or was dropped: somebody has to look at it."""
        return self.verdicts[Verdict.FAILED] + self.verdicts[Verdict.UNPAIRED]

    @property
    def compared(self) -> int:
        """Runs that showed something."""
        return self.runs - self.not_compared

    @property
    def reference_gave_up(self) -> bool:
        """Whether the answering path never did anything."""
        return 0 < self.compared == self.gave_up


EFFECTS_KEPT_MAX = 1_000
_REFUSED = (ProblemKind.EFFECT_WITHHELD, ProblemKind.UNDECLARED_EFFECT)


@dataclass(slots=True)
class EffectLine:
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


class EffectLedger:
    """Adds the effects of compared outermost runs."""

    def __init__(self) -> None:
        self._lines: dict[str, EffectLine] = {}

    @property
    def lines(self) -> tuple[EffectLine, ...]:
        """By name."""
        return tuple(self._lines[name] for name in sorted(self._lines))

    def add(self, run: Run) -> None:
        """The effects of one run."""
        if isinstance(run.judgement, Comparison):
            for tally in run.judgement.effects:
                sides = (tally.legacy, tally.candidate)
                line = self._line(tally.name)
                performed, asked = sides if run.answered_by is Side.LEGACY else sides[::-1]
                line.performed += performed
                line.asked += asked
                line.equal += tally.equal
                line.changed += tally.changed
        for note in run.notes:
            if note.kind in _REFUSED:
                self._line(note.place).refused += 1

    def _line(self, name: str) -> EffectLine:
        if name not in self._lines and len(self._lines) >= EFFECTS_KEPT_MAX:
            name = "(others)"
        return self._lines.setdefault(name, EffectLine(name))


def outermost(runs: Sequence[Run]) -> list[Run]:
    """The runs of one case that no other of them contains. Inner runs come before the run around them.

    A run without any port call is taken for an inner one where others have calls, unless the replayed path
    made an effect up.
    """
    kept: list[tuple[frozenset[int], Run]] = []
    silent_too = not any(run.tape.entries for run in runs)
    for run in reversed(runs):
        entries = frozenset(map(id, run.tape.entries))
        if entries and any(entries <= around for around, _ in kept):
            continue
        if entries or silent_too or _has_effects(run):
            kept.append((entries, run))
    return [run for _, run in kept][::-1]


def _has_effects(run: Run) -> bool:
    return bool(isinstance(run.judgement, Comparison) and run.judgement.effects)


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
