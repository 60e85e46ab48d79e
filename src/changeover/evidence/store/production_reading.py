"""Reads what is counted of the runs in production, as of one moment and about one code and rules.

Runs that a clock dated later than that moment are left out, unless they differ; where there are any, the
counts of these days are made from the runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counting import (
    COUNTED,
    OF_PRODUCTION,
    ROWS,
    Group,
    Row,
    Tally,
    group_of,
    rows_in,
)
from changeover.evidence.store.own_times import KIND, NOT_LATER, Today, kinds_today, read_clusters, times_in
from changeover.evidence.store.production import (
    DIFFERING,
    DifferingInput,
    InputGroup,
    LateTimes,
    Met,
    RunGroup,
)
from changeover.evidence.store.records import GAVE_UP
from changeover.quick_dataclass import dataclass
from changeover.settings import INPUTS_VERSION
from changeover.values.observation import Side
from changeover.values.verdict import EVIDENCE, Verdict

_WORLD = COUNTED.index("world")


@dataclass(frozen=True, slots=True)
class ProductionCounts:
    """Everything that is counted; inputs that differ and own times are those of today's code and rules."""

    groups: tuple[RunGroup, ...] = ()
    inputs: tuple[InputGroup, ...] = ()
    differing: tuple[DifferingInput, ...] = ()
    times: tuple[LateTimes, ...] = ()
    of_the_future: int = 0


def production_in(
    connection: Connection, until: datetime | None = None, today: Today | None = None
) -> ProductionCounts:
    """The counts of a store; raises where a row is not of this program's making."""
    from changeover.evidence.store.rows_of_runs import stored_at

    last = None if until is None else stored_at(until)
    later = [] if last is None else _later(connection, last)
    day = None if last is None or not later else last[:10]
    groups = list(_groups(connection, day))
    left_out = [row for row in later if row[8] in EVIDENCE]
    if day is not None and last is not None:
        rows = connection.execute(f"{ROWS} AND at >= ?", (day,)).fetchall()
        kept = [row for row in rows if row[1] <= last or row[8] not in EVIDENCE]
        groups += groups_of(kept, last)
    return ProductionCounts(
        tuple(sorted(groups, key=lambda group: group.last, reverse=True)),
        tuple(_inputs(connection, left_out, last)),
        () if today is None else tuple(_differing(connection, today, last if left_out else None)),
        () if today is None else tuple(times_in(connection, today, last if left_out else None)),
        len(left_out),
    )


def _later(connection: Connection, last: str) -> list[Row]:
    return list(connection.execute(f"{ROWS} AND at > ?", (last,)).fetchall())


def _groups(connection: Connection, before: str | None) -> Iterator[RunGroup]:
    where, values = ("", ()) if before is None else (" WHERE day < ?", (before,))
    rows = connection.execute(
        f"SELECT {KIND}, day, clusters, reason, renewed, runs, timed, ids, first, last"  # noqa: S608  columns
        f" FROM tallies JOIN kinds ON kinds.number = tallies.kind{where}",
        values,
    ).fetchall()
    for row in rows:
        yield _group((row[:8], *row[8:12]), Tally(*row[12:]))


def groups_of(rows: Iterable[Row], last: str | None = None) -> list[RunGroup]:
    """The groups of these runs, counted one by one; those that are later than `last` are marked."""
    found: defaultdict[tuple[bool, Group], Tally] = defaultdict(Tally)
    for row in rows:
        found[last is not None and row[1] > last, group_of(row)].add(row)
    return [_group(group, tally, is_later=is_later) for (is_later, group), tally in found.items()]


def _group(group: Sequence[Any], tally: Tally, *, is_later: bool = False) -> RunGroup:
    (seam, phase, stage, answered_by, code, rules, version, verdict), day, listed, reason, renewed = group
    clusters, unsafe = read_clusters(listed)
    return RunGroup(
        seam,
        phase,
        stage,
        Side(answered_by),
        Verdict(verdict),
        code or None,
        rules,
        date.fromisoformat(day),
        tally.runs,
        datetime.fromisoformat(tally.first),
        datetime.fromisoformat(tally.last),
        clusters,
        unsafe,
        None if reason in ("", GAVE_UP) else reason,
        reason == GAVE_UP,
        bool(renewed),
        version or None,
        tally.timed,
        tally.ids,
        is_later,
    )


def _inputs(connection: Connection, left_out: Sequence[Row], last: str | None) -> Iterator[InputGroup]:
    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    about: dict[int, tuple[str, str, str]] = {}
    rows = connection.execute(
        "SELECT number, seam, code, rules FROM eras WHERE version = ?", (INPUTS_VERSION,)
    ).fetchall()
    for number, *rest in rows:
        about[number] = (rest[0], rest[1], rest[2])
    for era, met, number in connection.execute(
        "SELECT era, met, count(*) FROM inputs GROUP BY era, met"
    ).fetchall():
        if era in about:
            counts[era, met] = number
    worlds = sorted({row[_WORLD] for row in left_out if row[_WORLD] is not None})
    if worlds:
        _without_later(connection, worlds, last or "", counts)
    for (era, met), number in sorted(counts.items()):
        if number and met:
            seam, code, rules = about[era]
            yield InputGroup(seam, code or None, rules, Met(met), number)


def _without_later(
    connection: Connection, worlds: Sequence[str], last: str, counts: defaultdict[tuple[int, int], int]
) -> None:
    """Count these inputs by the runs of until now alone."""
    known = {era for era, _ in counts}
    there: defaultdict[tuple[int, str], int] = defaultdict(int)
    query = (
        f"SELECT DISTINCT era, world, met FROM runs JOIN kinds ON kinds.number = runs.kind"  # noqa: S608
        f" WHERE {OF_PRODUCTION} AND {NOT_LATER} AND world IN"
    )
    for era, world, met in rows_in(connection, query, worlds, last, *map(str, EVIDENCE)):
        there[era, world] |= met
    query = "SELECT era, world, met FROM inputs WHERE world IN"
    for era, world, met in list(rows_in(connection, query, worlds)):
        if era in known:
            counts[era, met] -= 1
            counts[era, there[era, world]] += 1


def _differing(connection: Connection, today: Today, until: str | None) -> Iterator[DifferingInput]:
    kinds = kinds_today(connection, today, DIFFERING)
    query = "SELECT kind, clusters, world, count(*) FROM runs WHERE kind = ? GROUP BY kind, clusters, world"
    rows = [row for number in kinds for row in connection.execute(query, (number,)).fetchall()]
    worlds = sorted({world for _, _, world, _ in rows if world is not None})
    met: defaultdict[tuple[str, str], int] = defaultdict(int)
    query = (
        "SELECT seam, world, met FROM inputs JOIN eras ON eras.number = era"
        " WHERE code = ? AND rules = ? AND world IN"
    )
    if until is not None:
        query = (
            "SELECT DISTINCT kinds.seam, world, met FROM runs JOIN kinds ON kinds.number = runs.kind"  # noqa: S608
            f" WHERE kinds.code = ? AND kinds.rules = ? AND {NOT_LATER} AND world IN"
        )
    more = (today[0] or "", today[1], *(() if until is None else (until, *map(str, EVIDENCE))))
    for seam, world, how in rows_in(connection, query, worlds, *more):
        met[seam, world] |= how
    for number, listed, world, runs in rows:
        _, seam, _, stage, answered_by, code, rules, version, verdict = kinds[number]
        known = world if version == INPUTS_VERSION else None
        yield DifferingInput(
            seam,
            stage,
            Side(answered_by),
            Verdict(verdict),
            code or None,
            rules,
            read_clusters(listed)[0],
            known,
            runs,
            Met(met.get((seam, known or ""), 0)),
        )
