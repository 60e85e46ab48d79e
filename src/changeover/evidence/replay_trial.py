"""The first cases of a source tell how long a replay takes, and whether it matters when and where it is made.

A path that goes by the state of the program answers otherwise when its run is replayed some cases later:
therefore some of the first cases are replayed both at once and later. Where that makes a difference, a child
is forked whenever an outermost run has answered, and meets there what it would meet here. And where a path
answers otherwise when it is replayed twice in a row, as it remembers something, no child replays anything.
Nor does a cluster where a path answers otherwise there, whatever it goes by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from time import monotonic, process_time
from typing import Any

from changeover.compare.clusters import fingerprint_of
from changeover.compare.comparison import Comparison
from changeover.evidence.replay_places import ReplayPlace
from changeover.evidence.sent_runs import Given, SentRuns
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run

REPLAYED_HERE_FIRST = 10
"""So many cases of a source: what is loaded for them, no child has to load again."""
WARM_AFTER = 2
"""Cases after this one say how long a replay takes, and are replayed both at once and later."""
TWICE_AFTER = 7
"""Those after this one are replayed twice in a row as well."""
BATCH_S = 4.0
"""For about so long a child replays at most: a fork, and what a child has to copy, costs some hundredths."""
BUSY_MAX = 5.0
"""So many processes may share a processor before a replay is taken for a slow one."""
BATCH_CASES_MAX = 100
HERE = "here"
"""The key under which another process says why it leaves a replay to this one."""
REMEMBERS = "a path answers otherwise when it is replayed again"
OTHERWISE_THERE = "a path answers otherwise on the cluster"


@dataclass(frozen=True, slots=True)
class HowToReplay:
    """What a trial has found: how many cases go together at most, whether at once, or why none of them."""

    batch_cases: int = 1
    at_once: bool = False
    not_at_all: str | None = None


class ReplayTrial:
    """Replays the runs of the first cases here, and some of them again where the others will be."""

    def __init__(self, place: ReplayPlace) -> None:
        self._place = place
        self._of_case: list[tuple[SentRuns, int]] = []
        self._tried: list[tuple[SentRuns, list[Any]]] = []
        self._twice: list[Given] = []
        self._seconds = 0.0
        self._handed_on: list[Run | SentRuns] = []

    def tries(self, sent: SentRuns, handed_on: list[Run | SentRuns]) -> bool:
        """Compare these runs here and now, where they are to be tried; False where they are not.

        Those of a loop are tried as well, and whoever asks compares them.
        """
        if sent.case.number <= WARM_AFTER:
            return False
        self._handed_on = handed_on
        if sent.in_loop:  # the loop itself compares them, at once
            self._of_case.append((sent, len(handed_on)))
            return False
        if sent.case.number > TWICE_AFTER and self._place.is_a_fork:
            child = self._place.start([sent], lambda: self._shown_twice(sent), trial=True)
            self._twice += [] if child is None else [child]
        began, cpu = monotonic(), process_time()
        self._of_case.append((sent, len(handed_on)))
        sent.settle(sent.due)
        # A path may wait for something; on a busy machine it waits for a processor, which says nothing of it.
        self._seconds += max(process_time() - cpu, (monotonic() - began) / BUSY_MAX)
        return True

    def end_case(self, handed_on: Sequence[Run | SentRuns]) -> None:
        """A case has ended; these are all of its runs."""
        for sent, place in self._of_case:
            runs = handed_on[place : place + len(sent.due)]
            self._tried.append((sent, [what_it_shows(one) for one in runs if isinstance(one, Run)]))
        self._of_case.clear()

    def found(self) -> HowToReplay:
        """What it has shown."""
        later = None
        if self._tried and self._place.why_not() is None:
            later = self._place.start([sent for sent, _ in self._tried], self._shown_later, trial=True)
        if later is None:
            return HowToReplay(self._batch_cases())
        self._place.finish(later)
        if later.nobody is not None or _are_same([shown for _, shown in self._tried], later.parts):
            return HowToReplay(self._batch_cases())
        if not self._place.is_a_fork:
            return HowToReplay(not_at_all=OTHERWISE_THERE)
        for child in self._twice:
            self._place.finish(child)
        remembers = any(child.parts[0] != child.parts[-1] for child in self._twice if child.parts)
        return HowToReplay(at_once=True, not_at_all=REMEMBERS if remembers else None)

    def _batch_cases(self) -> int:
        seconds = self._seconds / (REPLAYED_HERE_FIRST - WARM_AFTER)
        return min(BATCH_CASES_MAX, ceil(BATCH_S / seconds)) if seconds else BATCH_CASES_MAX

    def _shown_later(self) -> Iterator[list[Any]]:
        """In a child."""
        for sent, _ in self._tried:
            first = len(self._handed_on)
            sent.compare()
            yield [what_it_shows(one) for one in self._handed_on[first:] if isinstance(one, Run)]

    def _shown_twice(self, sent: SentRuns) -> Iterator[list[Any]]:
        """In a child."""
        for _ in range(2):
            first = len(self._handed_on)
            sent.settle(sent.due)
            yield [what_it_shows(one) for one in self._handed_on[first:] if isinstance(one, Run)]


def _are_same(here: Sequence[list[Any]], elsewhere: Sequence[Any]) -> bool:
    """Whether the same was shown; what could not be replayed elsewhere shows nothing there."""
    if len(here) != len(elsewhere):
        return False
    return all(there == shown or HERE in there for shown, there in zip(here, elsewhere, strict=True))


def what_it_shows(run: Run) -> list[Any]:
    """What two replays of a run have to have in common."""
    ours = run.judgement if isinstance(run.judgement, Comparison) else None
    effects = (
        [] if ours is None else [[one.name, one.legacy, one.candidate, one.equal] for one in ours.effects]
    )
    return [run.verdict.value, [fingerprint_of(run.seam, one).digest for one in run.divergences], effects]
