"""What a store forgets, and in which order: bodies, then tapes, then whole runs; always the oldest first.

Age and number are those of runs in production: comparisons are bounded where they are written.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counters import PRUNED, count_up
from changeover.evidence.store.counting import counted
from changeover.evidence.store.recount import recount
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.evidence.store.store import StorePlace, compact, writing
from changeover.quick_dataclass import dataclass
from changeover.settings import (
    STORE_BYTES_MAX,
    STORE_BYTES_VARIABLE,
    STORE_RUNS_MAX,
    STORE_RUNS_VARIABLE,
    limit_of,
)

RUNS_KEPT_DAYS = 400
DAYS_BELIEVED = 7
"""Days with a run in production that it takes to believe a clock that says the others are old."""
PRUNED_TOGETHER = 2_000
"""The most rows that one write to a store touches on account of its limits."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """How much is kept; runs in production that began before `before` are forgotten, whatever is left.

    With `days` the clock alone does not forget them: `before` counts from a moment that so many days of
    evidence have reached, so that a clock that is years ahead for a moment forgets nothing.
    """

    before: datetime
    runs_max: int = STORE_RUNS_MAX
    bytes_max: int = STORE_BYTES_MAX
    days: int = 0


@dataclass(slots=True)
class Pruned:
    """What was forgotten; a run without its body or tape still counts as evidence."""

    bodies: int = 0
    tapes: int = 0
    runs: int = 0
    corpora: int = 0
    bytes_before: int = 0
    bytes_after: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """How many runs in production were counted, and how many counts were wrong until now."""

    runs: int
    wrong: int


def usual_limits(now: datetime) -> StoreLimits:
    """Those that hold for every write; the environment may name others."""
    return StoreLimits(
        now - timedelta(days=RUNS_KEPT_DAYS),
        limit_of(STORE_RUNS_VARIABLE, STORE_RUNS_MAX, os.environ),
        limit_of(STORE_BYTES_VARIABLE, STORE_BYTES_MAX, os.environ),
        DAYS_BELIEVED,
    )


def prune(
    connection: Connection, limits: StoreLimits, most: int = PRUNED_TOGETHER, *, exact: bool = False
) -> Pruned:
    """Forget what is beyond the limits, at most so many rows of each kind, and count it.

    Unless `exact`, nobody waits to find out how large a database is.
    """
    done = Pruned(
        runs=_forget_runs(connection, "AND at < ?", (stored_at(_before(connection, limits)),), most)
    )
    ((runs,),) = connection.execute("SELECT coalesce(sum(runs), 0) FROM tallies").fetchall()
    runs = int(runs)
    if runs > limits.runs_max:
        done.runs += _forget_runs(connection, "", (), min(most, runs - limits.runs_max))
    if connection.used_bytes(exact=exact) > limits.bytes_max:
        done.bodies = _drop(connection, "body", most)
        if not done.bodies:
            done.tapes = _drop(connection, "tape", most)
        if not done.bodies and not done.tapes:
            done.runs += _forget_runs(connection, "", (), most)
    if done.runs:
        count_up(connection, PRUNED, done.runs)
    return done


def _before(connection: Connection, limits: StoreLimits) -> datetime:
    if not limits.days:
        return limits.before
    # Day by day from the latest one, each by the index: there may be many runs, and this is asked often.
    day: str | None = stored_at(datetime.max.replace(tzinfo=UTC) - timedelta(days=1))[:10]
    for _ in range(limits.days):
        ((day,),) = connection.execute(
            "SELECT substr(max(at), 1, 10) FROM runs WHERE corpus IS NULL AND at < ?", (day,)
        ).fetchall()
        if day is None:
            return datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
    believed = datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=RUNS_KEPT_DAYS)
    return min(limits.before, believed)


def prune_store(path: StorePlace, limits: StoreLimits, *, corpora_too: bool, dry_run: bool) -> Pruned:
    """Forget until the limits hold or nothing is left, and give the space back; raises StoreProblem.

    `corpora_too` says whether comparisons from before go as well. A dry run does it all, and takes it back.
    """
    total = Pruned()
    try:
        with writing(path) as connection:
            total.bytes_before = connection.used_bytes(exact=True)
            if corpora_too:
                total.corpora = connection.execute(
                    "DELETE FROM corpora WHERE at < ?", (stored_at(limits.before),)
                ).rowcount
            done = prune(connection, limits, exact=True)
            while done.bodies or done.tapes or done.runs:
                for name in ("bodies", "tapes", "runs"):
                    setattr(total, name, getattr(total, name) + getattr(done, name))
                done = prune(connection, limits, exact=True)
            total.bytes_after = connection.used_bytes(exact=True)
            if dry_run:
                raise _TakenBack
    except _TakenBack:
        return total
    compact(path)
    return total


def check_store(path: StorePlace) -> Checked:
    """Count all runs in production anew, one by one; raises StoreProblem."""
    with writing(path) as connection:
        wrong = recount(connection)
        ((runs,),) = connection.execute("SELECT coalesce(sum(runs), 0) FROM tallies").fetchall()
    return Checked(int(runs), wrong)


class _TakenBack(Exception):
    """Ends a transaction so that nothing of it stays."""


def _forget_runs(connection: Connection, which: str, values: tuple[object, ...], most: int) -> int:
    found = connection.execute(
        f"SELECT id FROM runs WHERE corpus IS NULL {which} ORDER BY at LIMIT ?",  # noqa: S608  one of two texts
        (*values, most),
    ).fetchall()
    with counted(connection, [name for (name,) in found]):
        connection.executemany("DELETE FROM runs WHERE id = ?", found)
    return len(found)


def _drop(connection: Connection, column: str, most: int) -> int:
    count: int = connection.execute(
        f"UPDATE runs SET {column} = NULL WHERE id IN"  # noqa: S608  a name of a column
        f" (SELECT id FROM runs WHERE {column} IS NOT NULL ORDER BY at LIMIT ?)",
        (most,),
    ).rowcount
    return count
