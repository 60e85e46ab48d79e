"""What a database knows of a fleet: what its programs recorded, what became of it, and who is at work.

Times are told as how long ago they were by the clock of the database, since the clocks of machines differ.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from changeover.evidence.store.place import Database
from changeover.evidence.store.postgres import beside_others
from changeover.quick_dataclass import dataclass
from changeover.rollout.tripwire_state import Trip

WORKERS_KEPT_DAYS = 7


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """Runs of all programs of a fleet that have come into the database, at one moment.

    `recorded` is the sum of `replayed`, `waiting` and `dropped`, each counted by itself. `sealed` are those
    that wait and can be opened with none of the keys that were named. `oldest_at` is when the oldest waiting
    one was answered.
    """

    recorded: int
    replayed: int
    waiting: int
    dropped: int
    sealed: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sign:
    """What a worker said of itself, so many seconds ago."""

    age_s: float
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FleetSeen:
    """One look at a fleet."""

    counts: FleetCounts
    signs: tuple[Sign, ...]
    trips: tuple[Trip, ...]


class Fleet:
    """The fleet of a database. Every method raises StoreProblem where it does not answer in time."""

    def __init__(self, place: Database, timeout_s: float | None = None) -> None:
        self._place, self._timeout_s = place, timeout_s

    def look(self, keys: Sequence[str] = ()) -> FleetSeen:
        """What is so at this moment; `keys` are the names of those that are known here."""
        with beside_others(self._place, self._timeout_s) as connection:
            counts = connection.execute(
                "SELECT (SELECT coalesce(sum(shipped + held_back + lost), 0) FROM spools),"
                " (SELECT replayed FROM replays), count(*) FILTER (WHERE is_run),"
                " (SELECT coalesce(sum(held_back + lost), 0) FROM spools) + (SELECT damaged FROM replays),"
                " count(*) FILTER (WHERE is_run AND sealed_with IS NOT NULL AND NOT sealed_with = ANY(?)),"
                " min(at) FROM queued_runs",
                (list(keys),),
            ).fetchone()
            signs = connection.execute(
                "SELECT extract(epoch FROM clock_timestamp() - at), body FROM workers ORDER BY at DESC"
            ).fetchall()
            trips = connection.execute("SELECT phase, revision, at, reason FROM trips").fetchall()
        recorded, replayed, waiting, dropped, sealed, oldest_at = counts
        return FleetSeen(
            FleetCounts(int(recorded), int(replayed), int(waiting), int(dropped), int(sealed), oldest_at),
            tuple(_signs(signs)),
            tuple(Trip(phase, int(revision), _moment(at), why) for phase, revision, at, why in trips),
        )

    def say(self, worker: str, body: dict[str, Any]) -> None:
        """A worker is at work, in the place of what it said before; those long gone are forgotten."""
        with beside_others(self._place, self._timeout_s) as connection:
            connection.execute(
                "INSERT INTO workers (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
                " SET at = clock_timestamp(), body = excluded.body",
                (worker, json.dumps(body)),
            )
            connection.execute(
                "DELETE FROM workers WHERE at < clock_timestamp() - make_interval(days => ?)",
                (WORKERS_KEPT_DAYS,),
            )


def _signs(rows: Sequence[Sequence[Any]]) -> list[Sign]:
    found = []
    for age_s, body in rows:
        with suppress(ValueError):
            found.append(Sign(max(0.0, float(age_s)), json.loads(body)))
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moment_of(sign: Sign, now: datetime) -> datetime:
    """When it was said, by the clock of this machine."""
    return now - timedelta(seconds=sign.age_s)
