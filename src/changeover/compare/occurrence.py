"""Where a run stands in its case, so that what differs can be told in the order in which a case meets it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from changeover.evidence.tallies import outermost
from changeover.values.divergence import Divergence
from changeover.values.run import Run

Moment = tuple[int, bool, int, int]
"""How many runs of the case had ended, whether one ends now, the call of the case, the run that looks.

Ended runs count first: cases have about the same ones, while one has three calls and another has thirty.
Of what stands on the tapes of several runs, the innermost comes first.
"""


@dataclass(frozen=True, slots=True)
class Meeting:
    """When each call of the run's own tape was made, and when the run ended."""

    calls: tuple[Moment, ...]
    end: Moment

    def of(self, divergence: Divergence) -> Moment:
        """When the case meets this: a call when it is made, a result when its run ends."""
        if divergence.position is None:
            return self.end
        known = self.calls[: divergence.position]
        return known[-1] if known else self.end


def meetings(runs: Sequence[Run]) -> list[Meeting]:
    """One of each run, in their order; inner runs come before the run around them.

    A run that made no call stands where the one before it ended.
    """
    numbers: dict[int, int] = {}
    for run in outermost(runs):
        for entry in run.tape.entries:
            numbers[id(entry)] = len(numbers) + 1
    made: list[list[int]] = []
    ends: list[int] = []
    for run in runs:
        end = ends[-1] if ends else 0
        calls = [numbers.get(id(entry), end) for entry in run.tape.entries]
        made.append(calls)
        ends.append(calls[-1] if calls else end)
    in_order = sorted(ends)
    return [
        Meeting(
            tuple((bisect_left(in_order, call), False, call, number) for call in calls),
            (number, True, ends[number], number),
        )
        for number, calls in enumerate(made)
    ]
