"""Verdicts of one seam's runs, counted so that every row and column adds up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from changeover.values.observation import Path
from changeover.values.outcome import Raised
from changeover.values.run import Run
from changeover.values.verdict import Verdict

_UNANSWERED = (Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS)


def gave_up(run: Run) -> bool:
    """Whether the answering path raised, or gave None, without any effect."""
    answered = run.legacy if run.answered_by is Path.LEGACY else run.candidate
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
