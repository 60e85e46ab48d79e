"""Recorded runs that wait in a database for a worker, each of which has one worker at a time.

A run is leased for some time: who does not say in that time that it is done has lost it, and another worker
gets it. Times are those of the database, whatever the clocks of the machines say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from changeover.evidence.store.place import Database
from changeover.evidence.store.postgres import beside_others
from changeover.evidence.store.sealing import Seal, SealError

LEASED_TOGETHER_MAX = 100


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """What a recorder hands over: everything that a worker needs to replay one run."""

    id: str
    seam: str
    at: datetime
    payload: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """How many runs wait now, and how many were held back: there is no key, and a secret in them."""

    shipped: int
    held_back: int


@dataclass(frozen=True, slots=True)
class LeasedRun:
    """A run of this worker. `payload` is None where it cannot be opened, and `problem` says why.

    `tries` counts how often it was leased, this time too.
    """

    id: str
    seam: str
    at: datetime
    payload: str | None
    tries: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many runs wait, how many a worker has, and how old the oldest of all is, in seconds."""

    waiting: int
    leased: int
    oldest_s: float


class Queue:
    """The queue of a database. Every method raises StoreProblem where the database does not answer in time.

    `without_secrets` takes known secrets out of a text; what it changes is shipped sealed or not at all.
    """

    def __init__(
        self,
        place: Database,
        seal: Seal | None,
        without_secrets: Callable[[str], str],
        timeout_s: float | None = None,
    ) -> None:
        self._place, self._seal, self._timeout_s = place, seal, timeout_s
        self._without_secrets = without_secrets

    def ship(self, runs: Iterable[RecordedRun]) -> Shipped:
        """Hand over all of them or none; one that waits already stays as it is."""
        rows: list[tuple[object, ...]] = []
        held_back = 0
        for run in runs:
            if self._seal is not None:
                payload = self._seal.close(run.payload)
            elif self._without_secrets(run.payload) == run.payload:
                payload = run.payload.encode("utf-8", "surrogatepass")
            else:
                held_back += 1
                continue
            rows.append((run.id, run.seam, run.at, payload, self._seal is not None))
        with beside_others(self._place, self._timeout_s) as connection:
            cursor = connection.executemany(
                "INSERT INTO queue (id, seam, at, payload, sealed) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                rows,
            )
            return Shipped(cursor.rowcount if rows else 0, held_back)

    def lease(self, worker: str, most: int, lease_s: float) -> list[LeasedRun]:
        """Runs that nobody has, or whose worker's time is over, the oldest first; at most so many."""
        with beside_others(self._place, self._timeout_s) as connection:
            rows = connection.execute(
                "UPDATE queue SET worker = ?, tries = tries + 1,"
                " leased_until = clock_timestamp() + make_interval(secs => ?)"
                " WHERE number IN (SELECT number FROM queue"
                " WHERE leased_until IS NULL OR leased_until < clock_timestamp()"
                " ORDER BY number LIMIT ? FOR UPDATE SKIP LOCKED)"
                " RETURNING number, id, seam, at, payload, sealed, tries",
                (worker, float(lease_s), min(most, LEASED_TOGETHER_MAX)),
            ).fetchall()
        return [self._opened(*row) for _, *row in sorted(rows, key=lambda row: int(row[0]))]

    def _opened(
        self, name: str, seam: str, at: datetime, payload: bytes, sealed: bool, tries: int
    ) -> LeasedRun:
        try:
            return LeasedRun(name, seam, at, self._text(payload, sealed=sealed), tries)
        except SealError as problem:
            return LeasedRun(name, seam, at, None, tries, str(problem))

    def _text(self, payload: bytes, *, sealed: bool) -> str:
        if not sealed:
            return payload.decode("utf-8", "surrogatepass")
        if self._seal is None:
            raise SealError("it is sealed, and there is no key here")
        return self._seal.open(payload)

    def done(self, worker: str, names: Sequence[str]) -> list[str]:
        """Take these runs out; gives those that were still this worker's, which alone count as judged."""
        return self._of(worker, names, "DELETE FROM queue WHERE worker = ? AND id = ANY(?) RETURNING id")

    def give_back(self, worker: str, names: Sequence[str]) -> list[str]:
        """Let another worker have these runs at once; gives those that were still this worker's."""
        return self._of(
            worker,
            names,
            "UPDATE queue SET worker = NULL, leased_until = NULL WHERE worker = ? AND id = ANY(?)"
            " RETURNING id",
        )

    def _of(self, worker: str, names: Sequence[str], statement: str) -> list[str]:
        with beside_others(self._place, self._timeout_s) as connection:
            rows = connection.execute(statement, (worker, list(names))).fetchall()
        return [name for (name,) in rows]

    def waiting(self) -> Waiting:
        """What is in the queue at this moment."""
        with beside_others(self._place, self._timeout_s) as connection:
            ((all_, leased, oldest_s),) = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE leased_until >= clock_timestamp()),"
                " coalesce(extract(epoch FROM clock_timestamp() - min(shipped_at)), 0) FROM queue"
            ).fetchall()
        return Waiting(all_ - leased, leased, float(oldest_s))
