"""The first cases of a source tell how long a replay takes, and whether it matters when and where it is made.

A path that goes by the state of the program answers otherwise when its run is replayed some cases later:
therefore some of the first cases are replayed both at once and later. Where that makes a difference, a child
is forked whenever an outermost run has answered, and meets there what it would meet here. And where a path
answers otherwise when it is replayed twice in a row, as it remembers something, no child replays anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Any

from changeover.compare.clusters import fingerprint_of
from changeover.compare.comparison import Comparison
from changeover.evidence.child_processes import Child, ChildProcesses, why_not_forked
from changeover.evidence.sent_runs import SentRuns
from changeover.record.run import Run

REPLAYED_HERE_FIRST = 10
"""So many cases of a source: what is loaded for them, no child has to load again."""
WARM_AFTER = 2
"""Cases after this one say how long a replay takes, and are replayed both at once and later."""
TWICE_AFTER = 7
"""Those after this one are replayed twice in a row as well."""
BATCH_S = 1.0
"""For about so long a child replays."""
BATCH_CASES_MAX = 100
SHARES = 4
"""So many times each process comes back for more, where there are few cases."""


@dataclass(frozen=True, slots=True)
class HowToReplay:
    """What a trial has found: how many cases a child gets at once, and when it has to be forked."""

    batch_cases: int = 1
    at_once: bool = False
    remembers: bool = False


class ReplayTrial:
    """Replays the runs of the first cases here, and some of them again in children."""

    def __init__(self, processes: ChildProcesses) -> None:
        self._processes = processes
        self._of_case: list[tuple[SentRuns, int]] = []
        self._tried: list[tuple[SentRuns, list[Any]]] = []
        self._twice: list[Child] = []
        self._seconds = 0.0
        self._handed_on: list[Run | SentRuns] = []

    def tries(self, sent: SentRuns, handed_on: list[Run | SentRuns]) -> bool:
        """Compare these runs here and now, where they are among those that are tried."""
        if sent.case.number <= WARM_AFTER:
            return False
        self._handed_on = handed_on
        if sent.case.number > TWICE_AFTER:
            child = self._processes.start(lambda: self._shown_twice(sent))
            self._twice += [] if child is None else [child]
        began = monotonic()
        self._of_case.append((sent, len(handed_on)))
        sent.settle(sent.due)
        self._seconds += monotonic() - began
        return True

    def end_case(self, handed_on: Sequence[Run | SentRuns]) -> None:
        """A case has ended; these are all of its runs."""
        for sent, place in self._of_case:
            runs = handed_on[place : place + len(sent.due)]
            self._tried.append((sent, [_what_it_shows(one) for one in runs if isinstance(one, Run)]))
        self._of_case.clear()

    def found(self, total: int | None) -> HowToReplay:
        """What it has shown; `total` is how many cases there are."""
        later = None
        if self._tried and why_not_forked() is None:
            later = self._processes.start(self._shown_later)
        if later is None:
            return HowToReplay(self._batch_cases(total))
        self._processes.finish(later)
        if later.parts == [shown for _, shown in self._tried]:
            return HowToReplay(self._batch_cases(total))
        for child in self._twice:
            self._processes.finish(child)
        remembers = any(child.parts[0] != child.parts[-1] for child in self._twice if child.parts)
        return HowToReplay(at_once=True, remembers=remembers)

    def _batch_cases(self, total: int | None) -> int:
        seconds = self._seconds / (REPLAYED_HERE_FIRST - WARM_AFTER)
        most = min(BATCH_CASES_MAX, ceil(BATCH_S / seconds)) if seconds else BATCH_CASES_MAX
        if total is None:
            return most
        left = max(1, total - REPLAYED_HERE_FIRST)
        return min(most, ceil(left / (self._processes.most * SHARES)))

    def _shown_later(self) -> Iterator[list[Any]]:
        """In a child."""
        for sent, _ in self._tried:
            first = len(self._handed_on)
            sent.compare()
            yield [_what_it_shows(one) for one in self._handed_on[first:] if isinstance(one, Run)]

    def _shown_twice(self, sent: SentRuns) -> Iterator[list[Any]]:
        """In a child."""
        for _ in range(2):
            first = len(self._handed_on)
            sent.settle(sent.due)
            yield [_what_it_shows(one) for one in self._handed_on[first:] if isinstance(one, Run)]


def _what_it_shows(run: Run) -> list[Any]:
    """What two replays of a run have to have in common."""
    ours = run.judgement if isinstance(run.judgement, Comparison) else None
    effects = (
        [] if ours is None else [[one.name, one.legacy, one.candidate, one.equal] for one in ours.effects]
    )
    return [run.verdict.value, [fingerprint_of(run.seam, one).digest for one in run.divergences], effects]
