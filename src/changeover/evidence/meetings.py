"""Where each run of a case stands in it: inner runs wrote on the tapes of the runs around them as well."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.compare.meeting import Meeting
from changeover.evidence.effect_ledger import outermost
from changeover.run import Run


def meetings(runs: Sequence[Run]) -> list[Meeting]:
    """One of each run, in their order; inner runs come before the run around them.

    A run that made no call stands where the one before it ended.
    """
    numbers: dict[int, int] = {}
    for run in outermost(runs):
        for entry in run.tape.entries:
            numbers[id(entry)] = len(numbers) + 1
    found: list[Meeting] = []
    end = 0
    for number, run in enumerate(runs):
        calls = []
        for entry in run.tape.entries:
            end = numbers.get(id(entry), end)
            calls.append(end)
        found.append(Meeting(tuple(calls), end, number))
    return found
