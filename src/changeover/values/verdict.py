"""What one run showed: the verdict, worst first."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What one run showed; declared from worst to best. Only the last two are evidence of sameness."""

    UNSAFE = "unsafe"
    DIVERGED = "diverged"
    FAILED = "failed"
    UNPAIRED = "unpaired"
    VACUOUS = "vacuous"
    WAIVED = "waived"
    TOLERATED = "tolerated"
    MATCH = "match"

    @property
    def is_evidence(self) -> bool:
        """True where the run speaks for sameness."""
        return self in EVIDENCE

    @property
    def severity(self) -> int:
        """0 is the worst; `max(verdicts, key=…)` finds the best, `min` the worst."""
        return list(Verdict).index(self)


EVIDENCE = frozenset({Verdict.TOLERATED, Verdict.MATCH})
"""Verdicts of runs that speak for sameness."""
