"""Runs of a comparison that other processes replay, while the source goes on in this one.

Several runs that have answered wait for one child, as a fork costs some hundredths of a second; then a replay
meets the program as it is some cases later. A trial says whether that makes a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, Generic, TypeVar

from changeover.evidence.replay_places import ASYNC, ReplayPlace
from changeover.evidence.replay_trial import HERE, REPLAYED_HERE_FIRST, HowToReplay, ReplayTrial
from changeover.evidence.sent_runs import Batch, Given, NumberedCase, RecordKind, SentRuns
from changeover.evidence.told_by_children import NO_PROCESS, Telling, lost_reason, take_told
from changeover.evidence.unvaried import AnsweredRun
from changeover.record.run import Run
from changeover.replay.event_loop import runs_a_loop
from changeover.seam.recording import Recording
from changeover.seam.runtime import Settle
from changeover.values.verdict import Verdict

R = TypeVar("R")
SHARES = 4
"""So many times each process comes back for what is left."""


class ReplaysElsewhere(Generic[R]):
    """Takes runs that have answered; `here` counts those that it could not take, by the reason.

    Args:
        place: where they are replayed.
        kind: what is wanted of the runs.
        total: how many cases there will be, None where nobody knows.
    """

    def __init__(self, place: ReplayPlace, kind: RecordKind[R], total: int | None) -> None:
        self.here: Counter[str] = Counter()
        self._place = place
        self._kind = kind
        self._total = total
        self._handed_on: list[Run | SentRuns] = []
        self._counts: Callable[[Run], bool] = bool
        self._case = NumberedCase("", 0, ())
        self._waiting: list[SentRuns] = []
        self._trial: ReplayTrial | None = ReplayTrial(place)
        self._how = HowToReplay()
        self._begins_in_loop = False

    def begin(self, handed_on: list[Run | SentRuns], counts: Callable[[Run], bool]) -> None:
        """A source begins: `handed_on` gets the runs of each case, `counts` says which are looked at."""
        self._handed_on, self._counts = handed_on, counts
        self._begins_in_loop = runs_a_loop()

    def begin_case(self, name: str, tags: tuple[str, ...]) -> None:
        """A case begins."""
        self._case = NumberedCase(name, self._case.number + 1, tags)

    def take(self, due: Sequence[Recording], settle: Settle, in_loop: bool) -> bool:
        """Let these runs be compared elsewhere; False where that is to be done here and now."""
        trial, how = self._trial, self._how
        reason = how.not_at_all
        if in_loop and (how.at_once or self._begins_in_loop):
            reason = reason or ASYNC
        sent = SentRuns(self._case, due, settle, self._counts, in_loop)
        reason = reason or self._place.refuses(sent)
        if reason is not None:
            return self._not_taken(reason, due)
        if trial is not None:
            return trial.tries(sent, self._handed_on)
        if self._how.at_once:
            given = self._start([sent])
            if given is None:
                return self._not_taken(NO_PROCESS, due)
            sent.batch = Batch([sent], given)
        else:
            self._waiting.append(sent)
        for one in due:
            one.forget_arguments()
            one.recorder.close()
        self._handed_on.append(sent)
        return True

    def _not_taken(self, reason: str, due: Sequence[Recording]) -> bool:
        if self._trial is None:
            self.here[reason] += len(due)
        return False

    def end_case(self) -> None:
        """A case has ended: a child is forked where enough runs are waiting."""
        trial = self._trial
        if trial is not None:
            trial.end_case(self._handed_on)
            if self._case.number == REPLAYED_HERE_FIRST:
                self._how, self._trial = trial.found(), None
        elif self._waiting and self._case.number - self._waiting[0].case.number + 1 >= self._together:
            self.send()

    @property
    def _together(self) -> int:
        """So many cases: fewer towards the end, so that all processes are done at about the same time."""
        most = self._how.batch_cases
        if self._total is None:
            return most
        left = self._total - self._waiting[0].case.number + 1
        return min(most, max(1, ceil(left / (self._place.most * SHARES))))

    def send(self) -> None:
        """Let a child begin with all that wait."""
        sent, self._waiting = self._waiting, []
        if not sent:
            return
        batch = Batch(sent, self._start(sent))
        for one in sent:
            one.batch = batch

    def _start(self, sent: Sequence[SentRuns]) -> Given | None:
        return None if self._place.why_not() else self._place.start(sent, lambda: self._compared(sent))

    def _compared(self, sent: Iterable[SentRuns]) -> Iterator[dict[str, Any]]:
        """In the child: what is known of these runs when they are compared."""
        telling: Telling | None = None
        for one in sent:
            telling = telling or Telling(one.due[0].runtime)
            runs = self._compared_here(one)
            places = [place for place, run in enumerate(runs) if self._counts(run)]
            yield {**runs_sent(self._kind, one.case, runs, places), **telling.data()}

    def _compared_here(self, sent: SentRuns) -> list[Run]:
        first = len(self._handed_on)
        if self._how.at_once:
            sent.settle(sent.due)
        else:
            sent.compare()
        runs = [one for one in self._handed_on[first:] if isinstance(one, Run)]
        del self._handed_on[first:]
        return runs

    @property
    def ahead(self) -> int:
        """So many cases may wait to be counted, as one before them takes long."""
        return self._how.batch_cases * (self._place.most + 2)

    def is_done(self, parts: Sequence[Run | SentRuns]) -> bool:
        """Whether the children that have these runs are done."""
        self._place.poll()
        return all(isinstance(one, Run) or _is_over(one.batch) for one in parts)

    def records(self, case: NumberedCase, parts: Sequence[Run | SentRuns]) -> list[R]:
        """The records of all runs of a case, in the order in which they were handed on."""
        made_here = iter(self._kind.made(case, [one for one in parts if isinstance(one, Run)]))
        found: list[R] = []
        for one in parts:
            if isinstance(one, Run):
                found.append(next(made_here))
            else:
                found += self._received(one)
        return found

    def _received(self, sent: SentRuns) -> list[R]:
        if sent.batch is None:
            self.send()
        batch = sent.batch
        while batch is not None and id(sent) not in batch.received:
            self._receive(batch)
        return [] if batch is None else batch.received.pop(id(sent))

    def _receive(self, batch: Batch) -> None:
        """Take what has come, or what is known of the first run without it."""
        given = batch.given
        if given is None:
            self._replay_here(batch, self._place.why_not() or NO_PROCESS)
            return
        self._place.finish(given)
        if given.nobody is not None:
            batch.given = None
            self._replay_here(batch, given.nobody)
            return
        for data in given.parts:
            if HERE in data:
                self._replay_here(batch, data[HERE])
                continue
            one = batch.left.pop(0)
            batch.received[id(one)] = self._read(one, data)
        if batch.left:  # the first of these is what it did not survive
            one = batch.left.pop(0)
            runs = [recording.draft().failed(lost_reason(given)) for recording in one.due]
            for run in runs:
                one.due[0].runtime.count(run.seam, run.verdict)
            counted = [run for run in runs if self._counts(run)]
            batch.received[id(one)] = self._kind.made(one.case, counted)
        batch.given = self._start(batch.left) if batch.left else None

    def _replay_here(self, batch: Batch, reason: str) -> None:
        one = batch.left.pop(0)
        self.here[reason] += len(one.due)
        runs = [run for run in self._compared_here(one) if self._counts(run)]
        batch.received[id(one)] = self._kind.made(one.case, runs)

    def _read(self, sent: SentRuns, data: Mapping[str, Any]) -> list[R]:
        runtime = sent.due[0].runtime
        take_told(runtime, data)
        for seam, verdict in data["handed_on"]:
            runtime.count(seam, Verdict(verdict))
        return [
            self._kind.received(one, partial(_as_answered, sent.due[place])) for place, one in data["records"]
        ]


def runs_sent(
    kind: RecordKind[R], case: NumberedCase, runs: Sequence[Run], places: Sequence[int]
) -> dict[str, Any]:
    """What is known of the runs of one case where they were compared; `places` are those that are counted."""
    records = kind.made(case, [runs[place] for place in places])
    return {
        "handed_on": [[run.seam, run.verdict] for run in runs],
        "records": [[place, kind.sent(one)] for place, one in zip(places, records, strict=True)],
    }


def _as_answered(recording: Recording, verdict: Verdict) -> AnsweredRun:
    draft = recording.draft()
    return AnsweredRun(
        draft.seam, draft.arguments, draft.tape, lambda: draft.answered(recording.observation(), verdict)
    )


def _is_over(batch: Batch | None) -> bool:
    return batch is not None and (batch.given is None or batch.given.ended is not None)
