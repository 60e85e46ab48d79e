"""Reads what is counted of the runs in production, as of one moment and about one code and rules.

Runs that a clock dated later than that moment are left out, unless they differ; where there are any, the
counts of these days are made from the runs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
from changeover.evidence.store.production import (
    DIFFERING,
    DifferingInput,
    InputGroup,
    LateTimes,
    Met,
    RunGroup,
    beyond_rank,
)
from changeover.evidence.store.records import GAVE_UP, UNSAFE_MARK
from changeover.settings import INPUTS_VERSION
from changeover.values.observation import Side
from changeover.values.verdict import EVIDENCE, Verdict

Today = tuple[str | None, str]
"""Code and rules."""
_KIND = "seam, phase, stage, answered_by, code, rules, version, verdict"
_WORLD = COUNTED.index("world")
_NOT_LATER = "(at <= ? OR runs.verdict NOT IN (?, ?))"
"""Of what is dated later, only evidence of sameness is left out."""


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
        () if today is None else tuple(_times(connection, today, last if left_out else None)),
        len(left_out),
    )


def _later(connection: Connection, last: str) -> list[Row]:
    return list(connection.execute(f"{ROWS} AND at > ?", (last,)).fetchall())


def _groups(connection: Connection, before: str | None) -> Iterator[RunGroup]:
    where, values = ("", ()) if before is None else (" WHERE day < ?", (before,))
    rows = connection.execute(
        f"SELECT {_KIND}, day, clusters, reason, renewed, runs, timed, ids, first, last"  # noqa: S608  columns
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


def read_clusters(listed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The digests of what differs, and those of effects among them, from the column `clusters`."""
    if listed == "[]":
        return (), ()
    names = json.loads(listed)
    unsafe = tuple(name[1:] for name in names if name.startswith(UNSAFE_MARK))
    return tuple(name.removeprefix(UNSAFE_MARK) for name in names), unsafe


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
        f" WHERE {OF_PRODUCTION} AND {_NOT_LATER} AND world IN"
    )
    for era, world, met in rows_in(connection, query, worlds, last, *map(str, EVIDENCE)):
        there[era, world] |= met
    query = "SELECT era, world, met FROM inputs WHERE world IN"
    for era, world, met in list(rows_in(connection, query, worlds)):
        if era in known:
            counts[era, met] -= 1
            counts[era, there[era, world]] += 1


def _kinds_today(connection: Connection, today: Today, verdicts: Iterable[Verdict]) -> dict[int, Row]:
    code, rules = today
    rows = connection.execute(
        f"SELECT number, era, {_KIND} FROM kinds WHERE code = ? AND rules = ?",  # noqa: S608  columns
        (code or "", rules),
    ).fetchall()
    wanted = set(verdicts)
    return {row[0]: row[1:] for row in rows if row[-1] in wanted}


def _differing(connection: Connection, today: Today, until: str | None) -> Iterator[DifferingInput]:
    kinds = _kinds_today(connection, today, DIFFERING)
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
            f" WHERE kinds.code = ? AND kinds.rules = ? AND {_NOT_LATER} AND world IN"
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


_SIDES = ("legacy_s", "candidate_s")


@dataclass(frozen=True, slots=True)
class _Timed:
    """The runs whose own times count: a condition with its values."""

    where: str
    values: tuple[object, ...]

    @classmethod
    def until(cls, until: str | None) -> _Timed:
        """Of all, or without those of the future."""
        where = "kind = ? AND legacy_s IS NOT NULL AND candidate_s IS NOT NULL AND renewed_at IS NULL"
        if until is None:
            return cls(where, ())
        return cls(f"{where} AND {_NOT_LATER}", (until, *map(str, EVIDENCE)))

    def runs(self, connection: Connection, number: int) -> int:
        """How many of this kind there are."""
        query = f"SELECT count(*) FROM runs WHERE {self.where}"  # noqa: S608  texts above
        values: tuple[object, ...] = (number, *self.values)
        if not self.values:
            query, values = "SELECT coalesce(sum(timed), 0) FROM tallies WHERE kind = ?", (number,)
        return int(connection.execute(query, values).fetchone()[0])

    def ranked(self, connection: Connection, number: int, side: str, rank: int) -> float:
        """One time of one path, counted from the longest of this kind."""
        query = f"SELECT {side} FROM runs WHERE {self.where} ORDER BY {side} DESC LIMIT 1 OFFSET ?"  # noqa: S608
        values = (number, *self.values, rank - 1)
        return float(connection.execute(query, values).fetchone()[0])

    def longest(
        self, connection: Connection, number: int, side: str, least: float, most: int
    ) -> tuple[float, ...]:
        """The times of one path of this kind that are not shorter, the longest first, at most so many."""
        query = (
            f"SELECT {side} FROM runs WHERE {self.where} AND {side} >= ?"  # noqa: S608  texts above
            f" ORDER BY {side} DESC LIMIT ?"
        )
        rows = connection.execute(query, (number, *self.values, least, most)).fetchall()
        return tuple(time for (time,) in rows)


def _times(connection: Connection, today: Today, until: str | None) -> Iterator[LateTimes]:
    timed = _Timed.until(until)
    differing = {
        number: list(_times_that_differ(connection, number, kind, timed))
        for number, kind in _kinds_today(connection, today, DIFFERING).items()
    }
    for parts in differing.values():
        yield from parts
    kinds = _kinds_today(connection, today, EVIDENCE)
    runs = {number: timed.runs(connection, number) for number in kinds}
    kinds = {number: kind for number, kind in kinds.items() if runs[number]}
    for seam in sorted({kind[1] for kind in kinds.values()}):
        of_seam = {number: kind for number, kind in kinds.items() if kind[1] == seam}
        others = sum(one.runs for parts in differing.values() for one in parts if one.seam == seam)
        # Whatever goes with a kind, and however short the times of what differs are: most stay under no less.
        ranks = {n: min(runs[n], beyond_rank(runs[n]) + beyond_rank(others)) for n in of_seam}
        least = [min(timed.ranked(connection, n, side, rank) for n, rank in ranks.items()) for side in _SIDES]
        most = beyond_rank(sum(runs[number] for number in of_seam) + others)
        for number, kind in of_seam.items():
            legacy, candidate = (
                timed.longest(connection, number, side, shortest, most)
                for side, shortest in zip(_SIDES, least, strict=True)
            )
            stage, answered_by, verdict = kind[3], Side(kind[4]), Verdict(kind[-1])
            yield LateTimes(seam, stage, answered_by, verdict, (), runs[number], legacy, candidate)


def _times_that_differ(connection: Connection, number: int, kind: Row, timed: _Timed) -> Iterator[LateTimes]:
    """All of them, by clusters: which of them count is decided by waivers."""
    _, seam, _, stage, answered_by, *_, verdict = kind
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    query = f"SELECT clusters, legacy_s, candidate_s FROM runs WHERE {timed.where}"  # noqa: S608
    for listed, legacy_s, candidate_s in connection.execute(query, (number, *timed.values)).fetchall():
        found[listed].append((legacy_s, candidate_s))
    for listed, pairs in found.items():
        legacy, candidate = (tuple(sorted(side, reverse=True)) for side in zip(*pairs, strict=True))
        yield LateTimes(
            seam,
            stage,
            Side(answered_by),
            Verdict(verdict),
            read_clusters(listed)[0],
            len(pairs),
            legacy,
            candidate,
        )
