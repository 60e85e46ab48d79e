"""Where each run of a case stands in it, by the calls on their tapes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from changeover.compare.occurrence import Meeting
from changeover.evidence.tallies import outermost
from changeover.record.run import Run


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
