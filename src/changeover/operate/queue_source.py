"""A worker's runs from the queue of a database, whatever machine they were recorded on.

They are leased, and ended in one transaction with their evidence and with the trips that they caused: whoever
loses a lease loses what it made of the run. What the machine of the worker has recorded itself is shipped.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from changeover.evidence.fleet_watch import FleetWatching
from changeover.evidence.shipping import SecretCheck, ship
from changeover.evidence.store.connection import Connection
from changeover.evidence.store.fleet import Fleet
from changeover.evidence.store.maintenance import prune, usual_limits
from changeover.evidence.store.place import StoreProblem
from changeover.evidence.store.queue import Ended, LeasedFrame, Queue
from changeover.evidence.store.records import StoredRun
from changeover.evidence.worker_watch import Pulse, WorkerWatch
from changeover.operate.run_source import Batch, Say, WaitingFrame, beat_in
from changeover.rollout.tripwire_state import Trip
from changeover.settings import SPOOL_KEY_VARIABLE
from changeover.spool.folder import SpoolFolder

LEASED_TOGETHER = 50
LEASE_S = 30.0
"""So long a worker that says nothing keeps its runs; one that works says so every two seconds."""
BEAT_WAIT_S = 3.0
PRUNED_EVERY = 20


class QueueSource:
    """The queue of a fleet.

    Args:
        queue: with the key of this machine.
        folder: where the programs of this machine record.
        check: finds secrets in their runs, where there is no key.
        pulse: of this worker; names it.
        say: is told what is wrong.
    """

    look_s = 1.0

    def __init__(self, queue: Queue, folder: Path, check: SecretCheck | None, pulse: Pulse, say: Say) -> None:
        self.where = str(queue.place)
        self.name = f"{pulse.host}.{pulse.pid}.{os.urandom(4).hex()}"
        self.trips: list[Trip] = []
        self._queue, self._folder, self._check, self._say = queue, folder, check, say
        self._keys = () if queue.seal is None else queue.seal.names
        self._fleet = Fleet(queue.place, BEAT_WAIT_S)
        self._watching = FleetWatching(queue.place, folder)
        self._rows: defaultdict[str, list[StoredRun]] = defaultdict(list)
        self._held: set[str] = set()
        self._lock = threading.Lock()  # the thread that renews leases must not wait for one that ends them
        self._ends = count()

    def take_row(self, row: StoredRun) -> None:
        """The evidence of a run, until that is ended."""
        self._rows[row.id].append(row)

    def batches(self) -> Iterator[Batch]:
        """Leases, until nothing waits; raises OSError and StoreProblem."""
        ship(SpoolFolder(self._folder), self._queue, self._check)
        if self.trips:
            self._end([])
        while leased := self._queue.lease(self.name, LEASED_TOGETHER, LEASE_S):
            with self._lock:
                self._held = {one.id for one in leased}
            try:
                yield QueueBatch(self, leased)
            finally:
                left = self._let_go()
            if left:  # what could not be done now comes again, after a while
                break
        self._tell_of_sealed()

    def _let_go(self) -> int:
        """What was not ended is another one's, at once where the database hears of it; gives how much."""
        with self._lock:
            left, self._held = self._held, set()
        self._rows.clear()
        if left:
            try:
                self._queue.give_back(self.name, sorted(left))
            except StoreProblem as problem:
                self._say(str(problem))
        return len(left)

    def _tell_of_sealed(self) -> None:
        if self._fleet.look(self._keys).counts.sealed:
            with_key = "with another key" if self._queue.seal is not None else "and there is no key here"
            self._say(
                f"runs wait that cannot be opened: sealed {with_key}; set {SPOOL_KEY_VARIABLE} to the key of "
                "the programs that recorded them; until then they wait for a worker that has it"
            )

    def end(self, ended: Sequence[Ended]) -> int | None:
        """End these; None where the database does not hear of it, else how many were another one's."""
        try:
            return self._end(ended)
        except StoreProblem as problem:
            self._say(f"evidence cannot be written; the runs wait: {problem}")
            return None

    def _end(self, ended: Sequence[Ended]) -> int:
        with self._lock:
            trips = tuple(self.trips)
            lost = self._queue.end(self.name, ended, trips, self._tidy)
            del self.trips[: len(trips)]
            self._held -= {one.id for one in ended}
        return lost

    def rows_of(self, run: str) -> tuple[StoredRun, ...]:
        """What was kept of a run of this lease; asked for again where an end has to be repeated."""
        return tuple(self._rows.get(run, ()))

    def _tidy(self, connection: Connection) -> None:
        if next(self._ends) % PRUNED_EVERY == 0:
            prune(connection, usual_limits(datetime.now(UTC)))

    def beat(self, pulse: Pulse) -> None:
        """Say so in the folder and in the database, and keep the leases; raises OSError and StoreProblem."""
        beat_in(self._folder, pulse)
        self._fleet.say(self.name, {**asdict(pulse), "at": pulse.at.isoformat()})
        with self._lock:
            if self._held:
                self._queue.renew(self.name, sorted(self._held), LEASE_S)

    def watch(self) -> WorkerWatch:
        """What waits in all of the fleet."""
        return self._watching.look()


class QueueBatch:
    """What one lease gave."""

    def __init__(self, source: QueueSource, leased: Sequence[LeasedFrame]) -> None:
        self._source, self._leased = source, leased

    @property
    def is_urgent(self) -> bool:
        """A trip waits to travel."""
        return bool(self._source.trips)

    def frames(self) -> Iterator[WaitingFrame]:
        """Those that can be opened; the others are counted."""
        for one in self._leased:
            if one.frame is None:
                self._source.end([Ended(one.id, is_damaged=True)])
                continue
            frame = one.frame
            yield WaitingFrame(frame.kind, frame.payload, frame.variables, one.id, one.given_up)

    def done(self, taken: Sequence[WaitingFrame]) -> int | None:
        """End them with their evidence."""
        runs = {one.id: one.frame.run for one in self._leased if one.frame is not None}
        names = [str(frame.mark) for frame in taken]
        return self._source.end([Ended(name, self._source.rows_of(runs[name])) for name in names])

    def ended(self) -> int:
        """What a program took with it is counted where it recorded."""
        return 0
