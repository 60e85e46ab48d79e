"""Makes the counts of runs in production anew, from every run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counting import (
    OF_PRODUCTION,
    ROWS,
    Group,
    Kind,
    Row,
    Tally,
    group_of,
    kind_numbers,
    kind_of,
    write_tallies,
)


def recount(connection: Connection) -> int:
    """Make all counts anew from the runs; gives how many of them were not what they are now."""
    before = set(_all_counts(connection))
    _recount(connection)
    return len(before ^ set(_all_counts(connection)))


def _all_counts(connection: Connection) -> Iterator[Row]:
    """Every count by what it is about; what is numbered may be numbered in another way."""
    about = "seam, phase, stage, answered_by, code, rules, version, verdict"
    query = (
        f"SELECT {about}, day, clusters, reason, renewed, runs, timed, ids, first, last"  # noqa: S608  columns
        " FROM tallies JOIN kinds ON kinds.number = tallies.kind"
    )
    yield from connection.execute(query).fetchall()
    query = (
        "SELECT seam, code, rules, version, inputs.met, count(*) FROM inputs"
        " JOIN eras ON eras.number = era GROUP BY seam, code, rules, version, inputs.met"
    )
    yield from connection.execute(query).fetchall()


def _recount(connection: Connection) -> None:
    for table in ("tallies", "inputs", "kinds", "eras"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  a name of a table
    kinds: dict[Kind, int] = {}
    tallies: defaultdict[Group, Tally] = defaultdict(Tally)
    for rows in connection.batches(f"{ROWS} ORDER BY rowid"):
        new = {kind_of(row) for row in rows} - kinds.keys()
        kinds |= kind_numbers(connection, new)
        connection.executemany(
            "UPDATE runs SET kind = ? WHERE id = ?", [(kinds[kind_of(row)], row[0]) for row in rows]
        )
        for row in rows:
            tallies[group_of(row)].add(row)
    write_tallies(connection, kinds, tallies)
    connection.execute(
        "INSERT INTO inputs (era, world, met) SELECT era, world, sum(met)"  # noqa: S608  nothing from outside
        " FROM (SELECT DISTINCT era, world, met FROM runs JOIN kinds ON kinds.number = runs.kind"
        f" WHERE {OF_PRODUCTION} AND world IS NOT NULL AND met > 0) AS once GROUP BY era, world"
    )
