"""One look at the journal of an account, taken without a claim; it never changes afterwards.

The time of a paper account stands still while nobody trades. Whoever waits for it does not, so a look lets it
go on from the journal's latest event by as much time as has passed since the file was written to last: a run
that was killed is overdue ten minutes later, though nothing happens to it any more.
"""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from trading.database import UNREADABLE, DatabaseUnusable, SqlError
from trading.events.journal.reading import JournalReader, looking_at
from trading.events.journal.records import DeadLetter, WorkflowRecord
from trading.events.journal.totals import Totals
from trading.handlers.progress import WorkflowProgress
from trading.handlers.transitions import WorkflowState
from trading.parking import Parking, look_at_parking
from trading.run_guard import DIRECT_ENDED

CANNOT_BE_READ = (DatabaseUnusable, SqlError, OSError, *UNREADABLE)


class RunResult(StrEnum):
    """How a run stands."""

    UNDER_WAY = "under-way"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    NOT_TOLD = "not-told"  # a run without events keeps no record of how it ended
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run as its record has it; `message` says how it ended, empty where it has not."""

    record: WorkflowRecord
    result: RunResult
    message: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What there was to see; `unreadable` says why the journal could not be read, and the rest is empty then.

    `taken_at` is the watcher's time, `as_of` the account's. `journal_id` is what account and journal share.
    """

    taken_at: datetime
    as_of: datetime
    journal_id: str = ""
    changed_at: datetime | None = None
    unreadable: str | None = None
    runs: tuple[SeenRun, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    parking: Parking | None = None
    totals: Totals = field(default_factory=Totals)

    def results(self) -> Mapping[RunResult, int]:
        """How many runs stand how."""
        counted = Counter(run.result for run in self.runs)
        return {result: counted[result] for result in RunResult}


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells that a journal's files were written to: where they lie, how long they are, and when."""

    files: tuple[tuple[int, int, int], ...]
    changed_at: datetime | None

    @classmethod
    def of(cls, journal: Path) -> "Signature":
        """As the files are now; one that is not there counts as well."""
        files, latest = [], None
        for path in (journal, journal.with_name(f"{journal.name}-wal")):
            found = _stat(path)
            if found is None or not found.st_size:  # an empty log was made by whoever looked on
                files.append((0, 0, 0))
                continue
            files.append((found.st_ino, found.st_size, found.st_mtime_ns))
            latest = max(latest or 0, found.st_mtime_ns)
        changed = None if latest is None else datetime.fromtimestamp(latest / 1e9, UTC)
        return cls(tuple(files), changed)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def take_look(journal: Path, account_id: str, wall: datetime) -> Look:
    """Look at the journal of an account at this moment of the watcher; raises nothing."""
    changed_at = Signature.of(journal).changed_at
    try:
        with looking_at(journal) as reader:
            return _look(reader, account_id, wall, changed_at)
    except CANNOT_BE_READ as error:
        said = str(error) if isinstance(error, DatabaseUnusable) else f"{journal}: {error!r}"
        return Look(wall, wall, changed_at=changed_at, unreadable=said)


def _look(reader: JournalReader, account_id: str, wall: datetime, changed_at: datetime | None) -> Look:
    backlog = reader.backlog()
    passed = timedelta(0) if changed_at is None else max(wall - changed_at, timedelta(0))
    as_of = wall if backlog.as_of is None else backlog.as_of + passed
    runs = tuple(_seen(record) for record in reader.workflows(account=account_id))
    readable = [run.record for run in runs if run.result is not RunResult.DAMAGED]
    return Look(
        taken_at=wall,
        as_of=as_of,
        journal_id=reader.pair_id() or "",
        changed_at=changed_at,
        runs=runs,
        dead_letters=tuple(reader.dead_letters()),
        parking=look_at_parking(backlog, readable, as_of),
        totals=reader.totals(),
    )


def _seen(record: WorkflowRecord) -> SeenRun:
    if record.damage is not None:
        return SeenRun(record, RunResult.DAMAGED, record.damage)
    if record.state == DIRECT_ENDED:
        return SeenRun(record, RunResult.NOT_TOLD)
    if not record.finished:
        return SeenRun(record, RunResult.UNDER_WAY)
    try:
        progress, state = WorkflowProgress.from_json(record.body), WorkflowState(record.state)
    except UNREADABLE as error:
        return SeenRun(record, RunResult.DAMAGED, f"its state cannot be read: {error!r}")
    went_well = progress.success and state is WorkflowState.COMPLETED
    return SeenRun(record, RunResult.SUCCESSFUL if went_well else RunResult.FAILED, str(progress.message))
