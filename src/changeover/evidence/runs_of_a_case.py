"""How the runs of one case stand to each other: which contains which, and what was met first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from changeover.compare.clusters import RunOccurrence


class RunOfACase(Protocol):
    """A run by the calls on its tape, and the effects that both paths asked for."""

    @property
    def calls(self) -> tuple[int, ...]:
        """One number a call, the same in all runs of the case that have it."""

    @property
    def effects(self) -> tuple[Any, ...]:
        """What was asked for of each effect."""


T = TypeVar("T", bound=RunOfACase)


def outermost(runs: Sequence[T]) -> list[T]:
    """The runs of one case that no other of them contains. Inner runs come before the run around them.

    A run without any port call is taken for an inner one where others have calls, unless the replayed path
    made an effect up.
    """
    kept: list[tuple[frozenset[int], T]] = []
    silent_too = not any(run.calls for run in runs)
    for run in reversed(runs):
        calls = frozenset(run.calls)
        if calls and any(calls <= around for around, _ in kept):
            continue
        if calls or silent_too or run.effects:
            kept.append((calls, run))
    return [run for _, run in kept][::-1]


def occurrences(runs: Sequence[RunOfACase]) -> list[RunOccurrence]:
    """One of each run, in their order; inner runs come before the run around them.

    A run that made no call stands where the one before it ended.
    """
    numbers: dict[int, int] = {}
    for run in outermost(runs):
        for one in run.calls:
            numbers[one] = len(numbers) + 1
    made: list[list[int]] = []
    ends: list[int] = []
    for run in runs:
        end = ends[-1] if ends else 0
        calls = [numbers.get(one, end) for one in run.calls]
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
