"""The longest own times of today's runs in production, as many as it takes to know which most stay under."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counting import Row
from changeover.evidence.store.production import DIFFERING, LateTimes, beyond_rank
from changeover.evidence.store.records import UNSAFE_MARK
from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side
from changeover.values.verdict import EVIDENCE, Verdict

Today = tuple[str | None, str]
"""Code and rules."""
KIND = "seam, phase, stage, answered_by, code, rules, version, verdict"
NOT_LATER = "(at <= ? OR runs.verdict NOT IN (?, ?))"
"""Of what is dated later, only evidence of sameness is left out."""


def kinds_today(connection: Connection, today: Today, verdicts: Iterable[Verdict]) -> dict[int, Row]:
    """The kinds on this code and these rules that ended so, by their numbers."""
    code, rules = today
    rows = connection.execute(
        f"SELECT number, era, {KIND} FROM kinds WHERE code = ? AND rules = ?",  # noqa: S608  columns
        (code or "", rules),
    ).fetchall()
    wanted = set(verdicts)
    return {row[0]: row[1:] for row in rows if row[-1] in wanted}


def read_clusters(listed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The digests of what differs, and those of effects among them, from the column `clusters`."""
    if listed == "[]":
        return (), ()
    names = json.loads(listed)
    unsafe = tuple(name[1:] for name in names if name.startswith(UNSAFE_MARK))
    return tuple(name.removeprefix(UNSAFE_MARK) for name in names), unsafe


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
        return cls(f"{where} AND {NOT_LATER}", (until, *map(str, EVIDENCE)))

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


def times_in(connection: Connection, today: Today, until: str | None) -> Iterator[LateTimes]:
    """Those of every seam, until a moment."""
    timed = _Timed.until(until)
    differing = {
        number: list(_times_that_differ(connection, number, kind, timed))
        for number, kind in kinds_today(connection, today, DIFFERING).items()
    }
    for parts in differing.values():
        yield from parts
    kinds = kinds_today(connection, today, EVIDENCE)
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
