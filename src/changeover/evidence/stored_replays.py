"""Stored runs and scenarios replayed, here or by other processes: they know nothing of each other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import count, islice
from typing import Any, Generic, Protocol, TypeVar

from changeover.compare.rule import Rule
from changeover.evidence.replay_places import Forked, OnCluster
from changeover.evidence.replay_trial import HERE
from changeover.evidence.run_record import RunRecord
from changeover.evidence.scenario_replay import asked_as_recorded
from changeover.evidence.sent_records import record_received, record_sent
from changeover.evidence.sent_runs import Given
from changeover.evidence.told_by_children import NO_PROCESS, Telling, lost_reason, take_told
from changeover.quick_dataclass import dataclass
from changeover.record.codec import CodecError
from changeover.record.run import Run
from changeover.seam.runtime import Runtime
from changeover.values.verdict import Verdict

T = TypeVar("T")
C = TypeVar("C", contravariant=True)
STORED = "stored"
NOT_WRITTEN = b""
HERE_FIRST = 10
"""So many are replayed here before a child is forked: what is loaded for them, no child has to load again."""
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
        written: one as bytes, for another machine; raises CodecError.
        read: the inverse.
    """

    replay: Callable[[T], Run]
    record: Callable[[int, T, Run], RunRecord]
    lost: Callable[[T, str], Run]
    seen: Callable[[T, Verdict], Run]
    written: Callable[[T], bytes]
    read: Callable[[bytes], T]


def replayed_here(items: Iterable[T], kind: StoredKind[T]) -> Generator[tuple[T, RunRecord], None, None]:
    """Each with its record, one after the other."""
    for number, item in enumerate(items, start=1):
        yield item, kind.record(number, item, kind.replay(item))


class StoredPlace(Protocol[C]):
    """Where they are replayed that this process does not replay."""

    @property
    def most(self) -> int:
        """So many replays may go on there at once."""

    @property
    def is_a_fork(self) -> bool:
        """Whether what is replayed there has all that was loaded here."""

    def why_not(self) -> str | None:
        """Why nothing can be sent there now, None where it can."""

    def start(self, some: Sequence[tuple[int, C]]) -> Given | None:
        """Let these be replayed, each with its number; None where nobody takes them."""

    def finish(self, given: Given) -> None:
        """Wait until it is over."""


@dataclass(frozen=True, slots=True)
class ForkedStored(Forked, Generic[T]):
    """In children of this process."""

    kind: StoredKind[T]
    runtime: Runtime

    def start(self, some: Sequence[tuple[int, T]]) -> Given | None:
        """Fork a child."""
        return self.processes.start(lambda: stored_parts(some, self.kind, self.runtime))


@dataclass(frozen=True, slots=True)
class ClusterStored(OnCluster, Generic[T]):
    """On a cluster."""

    kind: StoredKind[T]

    def start(self, some: Sequence[tuple[int, T]]) -> Given | None:
        """Send them; what cannot be written down is replayed here."""
        payloads = [self._written(item) for _, item in some]
        stored = [[number, len(payload)] for (number, _), payload in zip(some, payloads, strict=True)]
        return self.cluster.start({STORED: stored}, b"".join(payloads))

    def _written(self, item: T) -> bytes:
        try:
            return self.kind.written(item)
        except CodecError:
            return NOT_WRITTEN


def stored_parts(
    some: Iterable[tuple[int, T]], kind: StoredKind[T], runtime: Runtime
) -> Iterator[dict[str, Any]]:
    """Where they are replayed: what is known of each."""
    telling = Telling(runtime)
    for number, item in some:
        run = kind.replay(item)
        record = kind.record(number, item, run)
        if record.seen is not None and not asked_as_recorded(run):
            yield {HERE: "their answering path asks otherwise now"}
        else:
            yield {"record": record_sent(record), **telling.data()}


@dataclass(slots=True)
class _Share(Generic[T]):
    numbered: list[tuple[int, T]]
    given: Given


@dataclass(slots=True)
class StoredReplays(Generic[T]):
    """The same elsewhere; `here` counts those that nobody else could replay, by the reason."""

    place: StoredPlace[T]
    kind: StoredKind[T]
    runtime: Runtime
    rules: Mapping[int, Rule]
    here: Counter[str] = field(default_factory=Counter)

    def replayed(self, items: Iterable[T], total: int | None) -> Generator[tuple[T, RunRecord], None, None]:
        """Each with its record, in the order of the items."""
        numbered = zip(count(1), items)
        most = self.place.most
        few = HERE_FIRST if total is None else min(HERE_FIRST, total // HERE_FIRST)
        for number, item in islice(numbered, few if self.place.is_a_fork else 0):
            yield item, self.kind.record(number, item, self.kind.replay(item))
        together = TOGETHER_MAX if total is None else min(TOGETHER_MAX, max(1, total // (most * SHARES)))
        waiting: deque[_Share[T]] = deque()
        while some := list(islice(numbered, together)):
            given = None
            reason = self.place.why_not()
            if reason is None:
                given = self.place.start(some)
            if given is None:
                while waiting:
                    yield from self._records(waiting.popleft())
                for number, item in some:
                    yield item, self._replayed_here(number, item, reason or NO_PROCESS)
                continue
            waiting.append(_Share(some, given))
            while len(waiting) > most or (waiting and waiting[0].given.ended is not None):
                yield from self._records(waiting.popleft())
        while waiting:
            yield from self._records(waiting.popleft())

    def _records(self, share: _Share[T]) -> Iterator[tuple[T, RunRecord]]:
        left = share.numbered
        given: Given | None = share.given
        while left:
            if given is not None:
                self.place.finish(given)
            if given is None or given.nobody is not None:
                reason = NO_PROCESS if given is None or given.nobody is None else given.nobody
                for number, item in left:
                    yield item, self._replayed_here(number, item, reason)
                return
            for (number, item), data in zip(left, given.parts, strict=False):
                yield item, self._received(number, item, data)
            left = left[len(given.parts) :]
            if left:  # the first of these is what it did not survive
                number, item = left[0]
                yield item, self.kind.record(number, item, self.kind.lost(item, lost_reason(given)))
                left = left[1:]
                given = self.place.start(left) if left else None

    def _received(self, number: int, item: T, data: Mapping[str, Any]) -> RunRecord:
        if HERE in data:
            return self._replayed_here(number, item, data[HERE])
        take_told(self.runtime, data)
        record, is_seen = record_received(data["record"], self.rules)
        if is_seen:
            record.seen = self.kind.seen(item, record.verdict)
        return record

    def _replayed_here(self, number: int, item: T, reason: str) -> RunRecord:
        self.here[reason] += 1
        return self.kind.record(number, item, self.kind.replay(item))
