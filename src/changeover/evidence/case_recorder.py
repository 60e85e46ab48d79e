"""Cases on their way into a comparison: the records of their runs, made here or received from children."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

from changeover.compare.rule import Rule
from changeover.evidence.case_runner import CaseDone
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.replays_elsewhere import ReplaysElsewhere
from changeover.evidence.run_record import RunRecord
from changeover.evidence.sent_records import record_received, record_sent
from changeover.evidence.sent_runs import NumberedCase, RecordKind
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.rows_of_runs import SAMPLE_KEPT_WHOLE, WHOLE
from changeover.evidence.unvaried import AnsweredRun
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.values.verdict import Verdict

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class CaseRecorder:
    """Makes the records of a comparison. `row` makes what is kept of a run, whole or not."""

    corpus: Corpus
    row: Callable[[str, Run, bool], StoredRun]
    takes_bodies: Callable[[], bool]

    def records(self, case: NumberedCase, runs: Sequence[Run]) -> list[RunRecord]:
        """Of these runs of a case, with their rows.

        A run is kept whole that differs, failed, or is of one of the first cases.
        """
        made = self.corpus.records(case.name, runs)
        bodies = self.takes_bodies()
        for run, record in zip(runs, made, strict=True):
            whole = case.number <= SAMPLE_KEPT_WHOLE or run.verdict in WHOLE
            record.row = self.row(case.name, run, bodies and whole)
        return made

    @property
    def kind(self) -> RecordKind[RunRecord]:
        """The same, to be made in another process."""

        def received(data: Any, seen: Callable[[Verdict], AnsweredRun]) -> RunRecord:
            record, is_seen = record_received(data, self.rules)
            if is_seen:
                record.seen = seen(record.verdict)
            return record

        return RecordKind(self.records, record_sent, received)

    @property
    def rules(self) -> Mapping[int, Rule]:
        """Those that runs are compared by, by their numbers."""
        return {rule.number: rule for rule in self.corpus.rules.rules}


def recorded_cases(
    cases: Generator[CaseDone, None, None], kind: RecordKind[R], elsewhere: ReplaysElsewhere[R] | None
) -> Generator[tuple[CaseDone, list[R]], None, None]:
    """The cases in their order, each with the records of its runs as soon as they are there.

    Where a source ends with an error, the cases before that are counted first.
    """
    numbered = ((NumberedCase(done.name, number, done.tags), done) for number, done in enumerate(cases, 1))
    if elsewhere is None:
        for case, done in numbered:
            yield done, kind.made(case, done.runs)
        return
    waiting: deque[tuple[NumberedCase, CaseDone]] = deque()
    failed: Exception | None = None

    def next_one() -> tuple[CaseDone, list[R]]:
        case, done = waiting.popleft()
        return done, elsewhere.records(case, done.parts)

    try:
        for one in numbered:
            waiting.append(one)
            while waiting and (len(waiting) > elsewhere.ahead or elsewhere.is_done(waiting[0][1].parts)):
                yield next_one()
    except Exception as error:  # noqa: BLE001  of the source; raised below
        failed = error
    while waiting:
        yield next_one()
    if failed is not None:
        raise failed
