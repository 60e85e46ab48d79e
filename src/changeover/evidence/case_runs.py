"""What the runs of one case are to one another: which contain which, and where each stands in the case."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from changeover.compare.comparison import Comparison
from changeover.compare.occurrence import RunOccurrence
from changeover.record.run import Run


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


def occurrences(runs: Sequence[Run]) -> list[RunOccurrence]:
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
        RunOccurrence(
            tuple((bisect_left(in_order, call), False, call, number) for call in calls),
            (number, True, ends[number], number),
        )
        for number, calls in enumerate(made)
    ]
