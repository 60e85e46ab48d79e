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
from math import ceil
from time import monotonic
from typing import Any

from changeover.compare.clusters import fingerprint_of
from changeover.compare.comparison import Comparison
from changeover.compare.rule import Rule
from changeover.evidence.child_processes import Child, ChildProcesses, holds_a_connection, why_not_forked
from changeover.evidence.run_record import RunRecord
from changeover.evidence.sent_records import record_received, record_sent
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
Record = Callable[[str, int, Sequence[Run]], list[RunRecord]]
"""Makes the records of runs of the case of that name and number."""


@dataclass(slots=True)
class SentRuns:
    """An outermost run and those inside it, which a child replays; they have a batch when it was forked."""

    case: str
    number: int
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
    received: dict[int, list[RunRecord]] = field(default_factory=dict)


class ReplaysElsewhere:
    """Takes runs that have answered; `here` counts those that it could not take, by the reason.

    Args:
        processes: the children.
        record: makes the records of runs of one case, of which it is told name and number.
        rules: those that runs are compared by, by their numbers.
        total: how many cases there will be, None where nobody knows.
    """

    def __init__(
        self, processes: ChildProcesses, record: Record, rules: Mapping[int, Rule], total: int | None
    ) -> None:
        self.here: Counter[str] = Counter()
        self._processes = processes
        self._record = record
        self._rules = rules
        self._total = total
        self._handed_on: list[Run | SentRuns] = []
        self._counts: Callable[[Run], bool] = bool
        self._case = ""
        self._number = 0
        self._waiting: list[SentRuns] = []
        self._tried: list[tuple[SentRuns, int]] = []
        self._trial: list[tuple[SentRuns, list[Any]]] = []
        self._seconds = 0.0
        self._at_once = False
        self.batch_cases = 1

    def begin(self, handed_on: list[Run | SentRuns], counts: Callable[[Run], bool]) -> None:
        """A source begins: `handed_on` gets the runs of each case, `counts` says which are looked at."""
        self._handed_on, self._counts = handed_on, counts
        self._number = 0

    def begin_case(self, name: str) -> None:
        """A case begins."""
        self._case = name
        self._number += 1

    def take(self, due: Sequence[Recording], settle: Settle | None) -> bool:
        """Let a child compare these runs; False where that is to be done here and now."""
        reason = _ASYNC if settle is None else why_not_forked() or _why_not_sent(due)
        is_first = self._number <= REPLAYED_HERE_FIRST
        if settle is None or reason is not None:
            if not is_first:
                self.here[reason or _ASYNC] += len(due)
            return False
        sent = SentRuns(self._case, self._number, due, settle)
        if is_first:
            return self._number > WARM_AFTER and self._try(sent)
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
        if self._number == REPLAYED_HERE_FIRST:
            self._settle_how()
        elif self._waiting and self._number - self._waiting[0].number + 1 >= self.batch_cases:
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
            records = self._record(one.case, one.number, [runs[place] for place in places])
            yield {
                "handed_on": [[run.seam, run.verdict] for run in runs],
                "records": [[place, record_sent(one)] for place, one in zip(places, records, strict=True)],
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

    def records(self, name: str, number: int, parts: Sequence[Run | SentRuns]) -> list[RunRecord]:
        """The records of all runs of a case, in the order in which they were handed on."""
        made_here = iter(self._record(name, number, [one for one in parts if isinstance(one, Run)]))
        found: list[RunRecord] = []
        for one in parts:
            if isinstance(one, Run):
                found.append(next(made_here))
            else:
                found += self._received(one)
        return found

    def _received(self, sent: SentRuns) -> list[RunRecord]:
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
            batch.received[id(one)] = self._record(one.case, one.number, runs)
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
            batch.received[id(one)] = self._record(one.case, one.number, counted)
        batch.child = self._start(batch.left) if batch.left else None

    def _read(self, sent: SentRuns, data: Mapping[str, Any]) -> list[RunRecord]:
        runtime = sent.due[0].runtime
        take_told(runtime, data)
        for seam, verdict in data["handed_on"]:
            runtime.count(seam, Verdict(verdict))
        records: list[RunRecord] = []
        for place, one in data["records"]:
            record, is_seen = record_received(one, self._rules)
            if is_seen:
                recording = sent.due[place]
                record.seen = recording.draft().answered(recording.observation(), record.verdict)
            records.append(record)
        return records


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
