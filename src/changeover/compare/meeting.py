"""Where a run stands in its case, so that what differs can be told in the order in which a case meets it."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.divergence import Divergence

Moment = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Meeting:
    """`calls` numbers the calls of the run's own tape within the case; `end` is the last before it ended.

    `number` counts the runs of the case in the order in which they ended.
    """

    calls: tuple[int, ...]
    end: int
    number: int

    def of(self, divergence: Divergence) -> Moment:
        """When the case meets this: a call when it is made, a result when its run ends."""
        if divergence.position is None:
            return 2 * self.end + 1, self.number
        known = self.calls[: divergence.position]
        return 2 * (known[-1] if known else self.end), self.number
