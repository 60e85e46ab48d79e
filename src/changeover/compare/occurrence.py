"""Where a run stands in its case, so that what differs can be told in the order in which it occurs."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.values.divergence import Divergence

CasePosition = tuple[int, bool, int, int]
"""How many runs of the case had ended, whether one ends now, the call of the case, the run that looks.

Ended runs count first: cases have about the same ones, while one has three calls and another has thirty.
Of what stands on the tapes of several runs, the innermost comes first.
"""


@dataclass(frozen=True, slots=True)
class RunOccurrence:
    """When each call of the run's own tape was made, and when the run ended."""

    calls: tuple[CasePosition, ...]
    end: CasePosition

    def of(self, divergence: Divergence) -> CasePosition:
        """Where in its case a divergence occurs: a call when it is made, a result when its run ends."""
        if divergence.position is None:
            return self.end
        known = self.calls[: divergence.position]
        return known[-1] if known else self.end
