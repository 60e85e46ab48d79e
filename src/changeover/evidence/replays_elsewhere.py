"""Runs of a comparison that forked children replay, while the source goes on in this process.

Several runs that have answered wait for one child, as a fork costs some hundredths of a second. So a replay
may meet the program as it is some cases later. A path that goes by such a state would answer otherwise:
therefore some of the first cases are replayed both at once and later. Where that makes a difference, a child
is forked whenever an outermost run has answered, and meets there what it would meet here.
"""

from __future__ import annotations

import decimal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

from changeover.compare.clusters import fingerprint_of
from changeover.compare.comparison import Comparison
from changeover.evidence.child_processes import Child, ChildProcesses, holds_a_connection, why_not_forked
from changeover.evidence.told_by_children import NO_PROCESS, Telling, lost_reason, take_told
from changeover.record.context import SESSION
from changeover.record.run import Run
from changeover.replay.event_loop import runs_a_loop
from changeover.seam.recording import Recording
from changeover.seam.runtime import Settle
from changeover.values.verdict import Verdict

REPLAYED_HERE_FIRST = 10
"""So many cases of a source: what is loaded for them, no child has to load again."""
WARM_AFTER = 2
"""Cases after this one say how long a replay takes, and are replayed both ways."""
BATCH_S = 1.0
"""For about so long a child replays."""
BATCH_CASES_MAX = 100
SHARES = 4
"""So many times each process comes back for more, where there are few cases."""
_ASYNC = "they run in an event loop"
R = TypeVar("R")


class NumberedCase(NamedTuple):
    """A case of a source; numbers count from 1."""

    name: str
    number: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordKind(Generic[R]):
    """What is wanted of runs.

    Args:
        made: the records of runs of one case.
        sent: one of them as JSON.
        received: the record again; it is given a function that makes the run as far as it is known where it
            answered, of a verdict that was found elsewhere.
    """

    made: Callable[[NumberedCase, Sequence[Run]], list[R]]
    sent: Callable[[R], Any]
    received: Callable[[Any, Callable[[Verdict], Run]], R]


@dataclass(slots=True)
class SentRuns:
    """An outermost run and those inside it, which a child replays; they have a batch when it was forked."""

    case: NumberedCase
    due: Sequence[Recording]
    settle: Settle
    batch: Batch | None = None

    def compare(self) -> None:
        """Compare them here, in the context of the call and outside of any run."""
        outer = self.due[-1]

        def settled() -> None:
            SESSION.set(None)
            decimal.setcontext(outer.decimals.copy())
            self.settle(self.due)

        outer.context.copy().run(settled)


@dataclass(slots=True)
class Batch:
    """Runs that one child replays; of those `left` nothing was received yet."""

    left: list[SentRuns]
    child: Child | None
    received: dict[int, list[Any]] = field(default_factory=dict)


class ReplaysElsewhere(Generic[R]):
    """Takes runs that have answered; `here` counts those that it could not take, by the reason.

    Args:
        processes: the children.
        kind: what is wanted of the runs.
        total: how many cases there will be, None where nobody knows.
    """

    def __init__(self, processes: ChildProcesses, kind: RecordKind[R], total: int | None) -> None:
        self.here: Counter[str] = Counter()
        self._processes = processes
        self._kind = kind
        self._total = total
        self._handed_on: list[Run | SentRuns] = []
        self._counts: Callable[[Run], bool] = bool
        self._case = NumberedCase("", 0, ())
        self._waiting: list[SentRuns] = []
        self._tried: list[tuple[SentRuns, int]] = []
        self._trial: list[tuple[SentRuns, list[Any]]] = []
        self._seconds = 0.0
        self._at_once = False
        self.batch_cases = 1

    def begin(self, handed_on: list[Run | SentRuns], counts: Callable[[Run], bool]) -> None:
        """A source begins: `handed_on` gets the runs of each case, `counts` says which are looked at."""
        self._handed_on, self._counts = handed_on, counts

    def begin_case(self, name: str, tags: tuple[str, ...]) -> None:
        """A case begins."""
        self._case = NumberedCase(name, self._case.number + 1, tags)

    def take(self, due: Sequence[Recording], settle: Settle | None) -> bool:
        """Let a child compare these runs; False where that is to be done here and now."""
        reason = _ASYNC if settle is None else why_not_forked() or _why_not_sent(due)
        is_first = self._case.number <= REPLAYED_HERE_FIRST
        if settle is None or reason is not None:
            if not is_first:
                self.here[reason or _ASYNC] += len(due)
            return False
        sent = SentRuns(self._case, due, settle)
        if is_first:
            return self._case.number > WARM_AFTER and self._try(sent)
        if self._at_once:
            child = self._start([sent])
            if child is None:
                self.here[NO_PROCESS] += len(due)
                return False
            sent.batch = Batch([sent], child)
        else:
            self._waiting.append(sent)
        for one in due:
            one.forget_arguments()
            one.recorder.close()
        self._handed_on.append(sent)
        return True

    def _try(self, sent: SentRuns) -> bool:
        """Compare them here and now, to see later whether that makes a difference."""
        began, place = monotonic(), len(self._handed_on)
        sent.settle(sent.due)
        self._seconds += monotonic() - began
        self._tried.append((sent, place))
        return True

    def end_case(self) -> None:
        """A case has ended: a child is forked where enough runs are waiting, or where it is seen how."""
        for sent, place in self._tried:
            runs = self._handed_on[place : place + len(sent.due)]
            self._trial.append((sent, [_what_it_shows(one) for one in runs if isinstance(one, Run)]))
        self._tried.clear()
        if self._case.number == REPLAYED_HERE_FIRST:
            self._settle_how()
        elif self._waiting and self._case.number - self._waiting[0].case.number + 1 >= self.batch_cases:
            self.send()

    def _settle_how(self) -> None:
        trial, self._trial = self._trial, []
        seconds = self._seconds / (REPLAYED_HERE_FIRST - WARM_AFTER)
        self.batch_cases = min(BATCH_CASES_MAX, ceil(BATCH_S / seconds) if seconds else BATCH_CASES_MAX)
        if self._total is not None:
            left = max(1, self._total - REPLAYED_HERE_FIRST)
            self.batch_cases = min(self.batch_cases, ceil(left / (self._processes.most * SHARES)))
        if not trial:
            return
        child = None if why_not_forked() else self._processes.start(lambda: self._shown_later(trial))
        if child is not None:
            self._processes.finish(child)
            self._at_once = child.parts != [[*map(list, shown)] for _, shown in trial]

    def _shown_later(self, trial: Sequence[tuple[SentRuns, Any]]) -> Iterator[list[Any]]:
        """In the child."""
        for sent, _ in trial:
            first = len(self._handed_on)
            sent.compare()
            yield [_what_it_shows(one) for one in self._handed_on[first:] if isinstance(one, Run)]

    def send(self) -> None:
        """Let a child begin with all that wait."""
        sent, self._waiting = self._waiting, []
        if not sent:
            return
        batch = Batch(sent, self._start(sent))
        for one in sent:
            one.batch = batch

    def _start(self, sent: Sequence[SentRuns]) -> Child | None:
        return None if why_not_forked() else self._processes.start(lambda: self._compared(sent))

    def _compared(self, sent: Iterable[SentRuns]) -> Iterator[dict[str, Any]]:
        """In the child: what is known of these runs when they are compared."""
        telling: Telling | None = None
        for one in sent:
            telling = telling or Telling(one.due[0].runtime)
            runs = self._compared_here(one)
            places = [place for place, run in enumerate(runs) if self._counts(run)]
            records = self._kind.made(one.case, [runs[place] for place in places])
            yield {
                "handed_on": [[run.seam, run.verdict] for run in runs],
                "records": [
                    [place, self._kind.sent(one)] for place, one in zip(places, records, strict=True)
                ],
                **telling.data(),
            }

    def _compared_here(self, sent: SentRuns) -> list[Run]:
        first = len(self._handed_on)
        if self._at_once:
            sent.settle(sent.due)
        else:
            sent.compare()
        runs = [one for one in self._handed_on[first:] if isinstance(one, Run)]
        del self._handed_on[first:]
        return runs

    @property
    def ahead(self) -> int:
        """So many cases may wait to be counted, as one before them takes long."""
        return self.batch_cases * (self._processes.most + 2)

    def is_done(self, parts: Sequence[Run | SentRuns]) -> bool:
        """Whether the children that have these runs are done."""
        self._processes.poll()
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
        """Take what the child has sent, or what is known of the first run without it."""
        child = batch.child
        if child is None:
            one = batch.left.pop(0)
            self.here[why_not_forked() or NO_PROCESS] += len(one.due)
            runs = [run for run in self._compared_here(one) if self._counts(run)]
            batch.received[id(one)] = self._kind.made(one.case, runs)
            return
        self._processes.finish(child)
        for data in child.parts:
            one = batch.left.pop(0)
            batch.received[id(one)] = self._read(one, data)
        if batch.left:  # the first of these is what it did not survive
            one = batch.left.pop(0)
            runs = [recording.draft().failed(lost_reason(child)) for recording in one.due]
            for run in runs:
                one.due[0].runtime.count(run.seam, run.verdict)
            counted = [run for run in runs if self._counts(run)]
            batch.received[id(one)] = self._kind.made(one.case, counted)
        batch.child = self._start(batch.left) if batch.left else None

    def _read(self, sent: SentRuns, data: Mapping[str, Any]) -> list[R]:
        runtime = sent.due[0].runtime
        take_told(runtime, data)
        for seam, verdict in data["handed_on"]:
            runtime.count(seam, Verdict(verdict))
        return [
            self._kind.received(one, partial(_as_answered, sent.due[place])) for place, one in data["records"]
        ]


def _as_answered(recording: Recording, verdict: Verdict) -> Run:
    return recording.draft().answered(recording.observation(), verdict)


def _is_over(batch: Batch | None) -> bool:
    return batch is not None and (batch.child is None or batch.child.ended is not None)


def _what_it_shows(run: Run) -> list[Any]:
    """What two replays of a run have to have in common."""
    ours = run.judgement if isinstance(run.judgement, Comparison) else None
    effects = (
        [] if ours is None else [[one.name, one.legacy, one.candidate, one.equal] for one in ours.effects]
    )
    return [run.verdict.value, [fingerprint_of(run.seam, one).digest for one in run.divergences], effects]


def _why_not_sent(due: Sequence[Recording]) -> str | None:
    if runs_a_loop():
        return _ASYNC
    if due[0].runtime.book.asks_for_real and holds_a_connection():
        return "a port of theirs is asked for real (fixed), and a connection is open"
    if any(one.copies_act for one in due):
        return "they have copies of ports"
    if any(one.recorder.running.left() for one in due):
        return "work that they left behind goes on"
    return None
