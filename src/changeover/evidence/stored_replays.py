"""Stored runs and scenarios replayed, here or in forked children: they know nothing of each other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, Generic, TypeVar

from changeover.compare.rule import Rule
from changeover.evidence.child_processes import Child, ChildProcesses, why_not_forked
from changeover.evidence.run_record import RunRecord
from changeover.evidence.scenario_replay import asked_as_recorded
from changeover.evidence.sent_records import record_received, record_sent
from changeover.evidence.told_by_children import NO_PROCESS, Telling, lost_reason, take_told
from changeover.record.run import Run
from changeover.seam.runtime import Runtime
from changeover.values.verdict import Verdict

T = TypeVar("T")
TOGETHER_MAX = 50
SHARES = 4
"""So many times each process comes back for more, where there are few."""


@dataclass(frozen=True, slots=True)
class StoredKind(Generic[T]):
    """How runs of a kind are replayed.

    Args:
        replay: what today's paths make of one.
        record: the record of the run of a number, which counts from 1.
        lost: the run of one that was not replayed, for this reason.
        seen: its inputs and reads, for a verdict that was found elsewhere.
    """

    replay: Callable[[T], Run]
    record: Callable[[int, T, Run], RunRecord]
    lost: Callable[[T, str], Run]
    seen: Callable[[T, Verdict], Run]


def replayed_here(items: Iterable[T], kind: StoredKind[T]) -> Generator[tuple[T, RunRecord], None, None]:
    """Each with its record, one after the other."""
    for number, item in enumerate(items, start=1):
        yield item, kind.record(number, item, kind.replay(item))


@dataclass(slots=True)
class _Share(Generic[T]):
    numbered: list[tuple[int, T]]
    child: Child


@dataclass(slots=True)
class StoredReplays(Generic[T]):
    """The same in children; `here` counts those that no child could replay, by the reason."""

    processes: ChildProcesses
    kind: StoredKind[T]
    runtime: Runtime
    rules: Mapping[int, Rule]
    here: Counter[str] = field(default_factory=Counter)

    def replayed(self, items: Iterable[T], total: int | None) -> Generator[tuple[T, RunRecord], None, None]:
        """Each with its record, in the order of the items."""
        numbered = zip(count(1), items)
        most = self.processes.most
        together = TOGETHER_MAX if total is None else min(TOGETHER_MAX, max(1, total // (most * SHARES)))
        waiting: deque[_Share[T]] = deque()
        while some := list(islice(numbered, together)):
            child = None
            reason = why_not_forked()
            if reason is None:
                child = self._start(some)
            if child is None:
                while waiting:
                    yield from self._records(waiting.popleft())
                for number, item in some:
                    yield item, self._replayed_here(number, item, reason or NO_PROCESS)
                continue
            waiting.append(_Share(some, child))
            while len(waiting) > most or (waiting and waiting[0].child.ended is not None):
                yield from self._records(waiting.popleft())
        while waiting:
            yield from self._records(waiting.popleft())

    def _start(self, some: list[tuple[int, T]]) -> Child | None:
        return self.processes.start(lambda: self._work(some))

    def _work(self, some: list[tuple[int, T]]) -> Iterator[dict[str, Any]]:
        """In the child."""
        telling = Telling(self.runtime)
        for number, item in some:
            run = self.kind.replay(item)
            record = self.kind.record(number, item, run)
            if record.seen is not None and not asked_as_recorded(run):
                yield {"here": "their answering path asks otherwise now"}
            else:
                yield {"record": record_sent(record), **telling.data()}

    def _records(self, share: _Share[T]) -> Iterator[tuple[T, RunRecord]]:
        left = share.numbered
        child: Child | None = share.child
        while left:
            if child is None:
                for number, item in left:
                    yield item, self._replayed_here(number, item, NO_PROCESS)
                return
            self.processes.finish(child)
            for (number, item), data in zip(left, child.parts, strict=False):
                yield item, self._received(number, item, data)
            left = left[len(child.parts) :]
            if left:  # the first of these is what it did not survive
                number, item = left[0]
                yield item, self.kind.record(number, item, self.kind.lost(item, lost_reason(child)))
                left = left[1:]
                child = self._start(left) if left else None

    def _received(self, number: int, item: T, data: Mapping[str, Any]) -> RunRecord:
        if "here" in data:
            return self._replayed_here(number, item, data["here"])
        take_told(self.runtime, data)
        record, is_seen = record_received(data["record"], self.rules)
        if is_seen:
            record.seen = self.kind.seen(item, record.verdict)
        return record

    def _replayed_here(self, number: int, item: T, reason: str) -> RunRecord:
        self.here[reason] += 1
        return self.kind.record(number, item, self.kind.replay(item))
