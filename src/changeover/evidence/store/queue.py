"""Recorded runs that wait in a database for a worker, each of which has one worker at a time.

A run comes in once: with it is written how far the spool of its process has travelled. It is leased for
some time: who does not end it in that time has lost it, and another worker gets it. It ends in one
transaction with its evidence. Times are those of the database, whatever the clocks of the machines say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counters import LOST, count_up, raise_count
from changeover.evidence.store.place import Database
from changeover.evidence.store.postgres import beside_others, writing
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.sealing import Seal, SealError
from changeover.evidence.store.tapes import without_known_tapes
from changeover.evidence.store.writing import add_runs
from changeover.quick_dataclass import dataclass
from changeover.rollout.tripwire_state import Trip
from changeover.spool.frame import FrameKind
from changeover.spool.progress import Place

LEASED_TOGETHER_MAX = 100
ALONE_FROM = 3
"""What was leased so often without an end is leased by itself, after all others: it may end its workers."""
TRIES_MAX = 8
SPOOLS_KEPT_DAYS = 30
"""So long a spool that has travelled to its end is known by its name; then its counts go to those of all."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One frame on its way from a spool to a worker; `variables` are those of its process.

    Of a run there is one frame `RECORDED`, and behind it there may be one that says that it has failed.
    """

    run: str
    seam: str
    at: datetime
    kind: FrameKind
    payload: bytes
    variables: Mapping[str, str | None]

    @property
    def is_run(self) -> bool:
        """Whether it is counted as a run."""
        return self.kind is FrameKind.RECORDED


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A frame that must not leave the machine; of a run the evidence that it was not compared, where kept."""

    row: StoredRun | None
    is_run: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What lies in a spool before `place`, if anything of it travels."""

    place: Place
    what: RecordedFrame | HeldBack | None


@dataclass(frozen=True, slots=True)
class LeasedFrame:
    """A frame of this worker; `frame` is None where what waited was changed, so that nobody can open it.

    `tries` counts how often it was leased, this time too.
    """

    id: str
    frame: RecordedFrame | None
    tries: int

    @property
    def given_up(self) -> str | None:
        """Why it is not to be tried again, None where it is."""
        return f"{self.tries - 1} workers ended with it in hand" if self.tries > TRIES_MAX else None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a worker made of a frame: the rows of its evidence, none where it gave none.

    `is_damaged` says that it could not be opened.
    """

    id: str
    rows: tuple[StoredRun, ...] = ()
    is_damaged: bool = False


class Queue:
    """The queue of a database; every method raises StoreProblem where that does not answer in time."""

    def __init__(self, place: Database, seal: Seal | None, timeout_s: float | None = None) -> None:
        self.place, self.seal = place, seal
        self._timeout_s = timeout_s

    def ship(self, spool: str, steps: Sequence[Step]) -> int:
        """Take in what was not taken in before of the spool of this process; gives how many runs that were.

        All of it or nothing, and how far that is in the same transaction: whoever ships again ships nothing.
        """
        held = any(isinstance(step.what, HeldBack) for step in steps)
        transaction = writing if held else beside_others
        with transaction(self.place, self._timeout_s) as connection:
            connection.execute("INSERT INTO spools (name) VALUES (?) ON CONFLICT DO NOTHING", (spool,))
            row = connection.execute(
                "SELECT file, position, found FROM spools WHERE name = ? FOR UPDATE", (spool,)
            ).fetchone()
            new = [step for step in steps if (step.place.number, step.place.offset) > (row[0], row[1])]
            if not new:
                return 0
            frames = [step.what for step in new if isinstance(step.what, RecordedFrame)]
            kept = [step.what for step in new if isinstance(step.what, HeldBack)]
            runs = self._insert(connection, [frame for frame in frames if frame.is_run])
            self._insert(connection, [frame for frame in frames if not frame.is_run])
            rows = [one.row for one in kept if one.row is not None]
            add_runs(connection, without_known_tapes(connection, rows))
            place = new[-1].place
            held_back = sum(one.is_run for one in kept)
            connection.execute(
                "UPDATE spools SET file = ?, position = ?, found = ?, shipped = shipped + ?,"
                " held_back = held_back + ?, ended_at = NULL WHERE name = ?",
                (place.number, place.offset, max(place.found, row[2]), runs, held_back, spool),
            )
        return runs

    def _insert(self, connection: Connection, frames: Sequence[RecordedFrame]) -> int:
        name = None if self.seal is None else self.seal.names[0]
        rows = [
            (_id_of(one), one.run, one.is_run, one.seam, one.at, self._closed(one), name) for one in frames
        ]
        statement = (
            "INSERT INTO queued_runs (id, run, is_run, seam, at, payload, sealed_with)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        return int(connection.executemany(statement, rows).rowcount) if rows else 0

    def _closed(self, frame: RecordedFrame) -> bytes:
        head = json.dumps({"kind": int(frame.kind), "variables": dict(frame.variables)})
        payload = head.encode() + b"\n" + frame.payload
        return payload if self.seal is None else self.seal.close(payload)

    def found_in(self, spool: str) -> int:
        """How many runs of this spool have come here, travelled or held back."""
        with beside_others(self.place, self._timeout_s) as connection:
            row = connection.execute("SELECT found FROM spools WHERE name = ?", (spool,)).fetchone()
        return 0 if row is None else int(row[0])

    def end_spool(self, spool: str, lost: int) -> None:
        """Its process has ended, and nothing more comes of it; so many of its runs were lost before."""
        with writing(self.place, self._timeout_s) as connection:
            raise_count(connection, f"{LOST}/{spool}", lost)
            connection.execute(
                "INSERT INTO spools (name, lost, ended_at) VALUES (?, ?, clock_timestamp())"
                " ON CONFLICT (name) DO UPDATE SET lost = greatest(spools.lost, excluded.lost),"
                " ended_at = excluded.ended_at",
                (spool, lost),
            )
            _forget_spools(connection)

    def lease(self, worker: str, most: int, lease_s: float) -> list[LeasedFrame]:
        """Frames that nobody has, or whose worker's time is over, the oldest first; at most so many.

        What this worker has no key for stays for others. A frame comes after those before it of its run.
        """
        found = self._leased(worker, "tries < ?", most, lease_s)
        return found or self._leased(worker, "tries >= ?", 1, lease_s)

    def _leased(self, worker: str, which: str, most: int, lease_s: float) -> list[LeasedFrame]:
        keys = [] if self.seal is None else list(self.seal.names)
        with beside_others(self.place, self._timeout_s) as connection:
            rows = connection.execute(
                f"WITH taken AS MATERIALIZED (SELECT number FROM queued_runs AS mine WHERE {which}"  # noqa: S608
                " AND (leased_until IS NULL OR leased_until < clock_timestamp())"
                " AND (sealed_with IS NULL OR sealed_with = ANY(?))"
                " AND NOT EXISTS (SELECT 1 FROM queued_runs AS one"
                " WHERE one.run = mine.run AND one.number < mine.number)"
                " ORDER BY number LIMIT ? FOR UPDATE SKIP LOCKED)"
                " UPDATE queued_runs SET worker = ?, tries = tries + 1,"
                " leased_until = clock_timestamp() + make_interval(secs => ?)"
                " FROM taken WHERE queued_runs.number = taken.number"
                " RETURNING queued_runs.number, id, run, seam, at, payload, sealed_with, tries",
                (ALONE_FROM, keys, min(most, LEASED_TOGETHER_MAX), worker, float(lease_s)),
            ).fetchall()
        return [self._opened(*row) for _, *row in sorted(rows, key=lambda row: int(row[0]))]

    def _opened(
        self, name: str, run: str, seam: str, at: datetime, payload: bytes, sealed: str | None, tries: int
    ) -> LeasedFrame:
        try:
            whole = payload if sealed is None or self.seal is None else self.seal.open(payload)
            head, _, rest = whole.partition(b"\n")
            said: Any = json.loads(head)
            kind, variables = FrameKind(said["kind"]), dict(said["variables"])
        except (SealError, ValueError, KeyError, TypeError):
            return LeasedFrame(name, None, tries)
        return LeasedFrame(name, RecordedFrame(run, seam, at, kind, rest, variables), tries)

    def renew(self, worker: str, names: Sequence[str], lease_s: float) -> None:
        """This worker is still at work on these."""
        with beside_others(self.place, self._timeout_s) as connection:
            connection.execute(
                "UPDATE queued_runs SET leased_until = clock_timestamp() + make_interval(secs => ?)"
                " WHERE worker = ? AND id = ANY(?)",
                (float(lease_s), worker, list(names)),
            )

    def give_back(self, worker: str, names: Sequence[str]) -> None:
        """Let another worker have those at once that are still this worker's."""
        with beside_others(self.place, self._timeout_s) as connection:
            connection.execute(
                "UPDATE queued_runs SET worker = NULL, leased_until = NULL, tries = tries - 1"
                " WHERE worker = ? AND id = ANY(?)",
                (worker, list(names)),
            )

    def end(
        self,
        worker: str,
        ended: Sequence[Ended],
        trips: Iterable[Trip] = (),
        also: Callable[[Connection], object] = lambda connection: None,
    ) -> int:
        """Take these out together with their evidence; gives how many were not this worker's any more.

        Those are another one's, who writes the evidence of them. Trips are kept in any case. `also` is done
        in the same transaction.
        """
        with writing(self.place, self._timeout_s) as connection:
            gone = connection.execute(
                "DELETE FROM queued_runs WHERE worker = ? AND id = ANY(?) RETURNING id, is_run",
                (worker, [one.id for one in ended]),
            ).fetchall()
            runs = {name for name, is_run in gone if is_run}
            mine = [one for one in ended if one.id in {name for name, _ in gone}]
            rows = [row for one in mine for row in one.rows]
            add_runs(connection, without_known_tapes(connection, rows))
            damaged = sum(one.is_damaged and one.id in runs for one in mine)
            count_up(connection, LOST, damaged)
            connection.execute(
                "UPDATE replays SET replayed = replayed + ?, damaged = damaged + ?",
                (len(runs) - damaged, damaged),
            )
            _keep_trips(connection, trips)
            also(connection)
        return len(ended) - len(mine)


def _id_of(frame: RecordedFrame) -> str:
    return frame.run if frame.is_run else f"{frame.run}/{frame.kind.name.lower()}"


def _keep_trips(connection: Connection, trips: Iterable[Trip]) -> None:
    """Of each phase the one of the newest flags."""
    connection.executemany(
        "INSERT INTO trips (phase, revision, at, reason) VALUES (?, ?, ?, ?) ON CONFLICT (phase) DO UPDATE"
        " SET revision = excluded.revision, at = excluded.at, reason = excluded.reason"
        " WHERE trips.revision < excluded.revision",
        [(one.phase, one.revision, one.at.isoformat(), one.reason) for one in trips],
    )


def _forget_spools(connection: Connection) -> None:
    """The names of those that ended long ago; what they counted stays, under no name."""
    connection.execute(
        "WITH gone AS (DELETE FROM spools WHERE name != '' AND ended_at < clock_timestamp()"
        " - make_interval(days => ?) RETURNING shipped, held_back, lost)"
        " INSERT INTO spools (name, shipped, held_back, lost)"
        " SELECT '', coalesce(sum(shipped), 0), coalesce(sum(held_back), 0), coalesce(sum(lost), 0) FROM gone"
        " ON CONFLICT (name) DO UPDATE SET shipped = spools.shipped + excluded.shipped,"
        " held_back = spools.held_back + excluded.held_back, lost = spools.lost + excluded.lost",
        (SPOOLS_KEPT_DAYS,),
    )
