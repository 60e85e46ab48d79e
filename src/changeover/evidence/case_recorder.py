"""Cases on their way into a comparison: the records of their runs, made here or received from children."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from changeover.evidence.case_runner import CaseDone
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.replays_elsewhere import Record, ReplaysElsewhere
from changeover.evidence.run_record import RunRecord
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.rows_of_runs import SAMPLE_KEPT_WHOLE, WHOLE
from changeover.record.run import Run


@dataclass(frozen=True, slots=True)
class CaseRecorder:
    """Makes the records of a comparison. `row` makes what is kept of a run, whole or not."""

    corpus: Corpus
    row: Callable[[str, Run, bool], StoredRun]
    takes_bodies: Callable[[], bool]

    def records(self, name: str, number: int, runs: Sequence[Run]) -> list[RunRecord]:
        """Of these runs of the case of that name and number, with their rows.

        A run is kept whole that differs, failed, or is of one of the first cases.
        """
        made = self.corpus.records(name, runs)
        bodies = self.takes_bodies()
        for run, record in zip(runs, made, strict=True):
            whole = number <= SAMPLE_KEPT_WHOLE or run.verdict in WHOLE
            record.row = self.row(name, run, bodies and whole)
        return made


def recorded_cases(
    cases: Generator[CaseDone, None, None], record: Record, elsewhere: ReplaysElsewhere | None
) -> Generator[CaseDone, None, None]:
    """The cases in their order, each with the records of its runs as soon as they are there.

    Where a source ends with an error, the cases before that are counted first.
    """
    if elsewhere is None:
        for number, done in enumerate(cases, start=1):
            done.records = record(done.name, number, done.runs)
            yield done
        return
    waiting: deque[tuple[int, CaseDone]] = deque()
    failed: Exception | None = None

    def next_one() -> CaseDone:
        number, done = waiting.popleft()
        done.records = elsewhere.records(done.name, number, done.parts)
        return done

    try:
        for number, done in enumerate(cases, start=1):
            waiting.append((number, done))
            while waiting and (len(waiting) > elsewhere.ahead or elsewhere.is_done(waiting[0][1].parts)):
                yield next_one()
    except Exception as error:  # noqa: BLE001  of the source; raised below
        failed = error
    while waiting:
        yield next_one()
    if failed is not None:
        raise failed
