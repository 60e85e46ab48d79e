"""Keeps the counts of runs in production beside them, in the same transaction as the runs.

One writer at a time writes to a store, so that what is read here is what is written back. `recount` makes
everything anew from the runs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.production import OTHER_CODE, Met, number_of_id
from changeover.evidence.store.records import GAVE_UP
from changeover.quick_dataclass import dataclass
from changeover.values.verdict import Verdict

TOGETHER = 500
COUNTED = (
    *("id", "at", "seam", "phase", "stage", "answered_by", "code", "rules", "verdict", "clusters", "reason"),
    *("world", "renewed_at", "legacy_s", "candidate_s"),
)
"""The columns of a run that counts depend on."""
OF_PRODUCTION = "corpus IS NULL AND population = 'production'"
ROWS = f"SELECT {', '.join(COUNTED)} FROM runs WHERE {OF_PRODUCTION}"  # noqa: S608  names of columns
TALLY = "key, kind, day, clusters, reason, renewed, runs, timed, ids, first, last"
_COUNTED_APART = frozenset({GAVE_UP, OTHER_CODE})
"""Reasons of runs that were not unpaired."""
_WORLD = COUNTED.index("world")
Row = tuple[Any, ...]
Kind = tuple[str, str, str, str, str, str, str, str]
"""Seam, phase, stage, who answered, code (empty for none), rules, version of the input's digest, verdict."""
Era = tuple[str, str, str, str]
"""Seam, code, rules, version of the input's digest."""
Group = tuple[Kind, str, str, str, int]
"""Kind, day, clusters, reason, whether it is renewed."""


@dataclass(slots=True)
class Tally:
    """The runs of one group."""

    runs: int = 0
    timed: int = 0
    ids: int = 0
    first: str = ""
    last: str = ""

    def add(self, row: Sequence[Any], sign: int = 1) -> None:
        """One run more, or less."""
        at, values = row[1], dict(zip(COUNTED, row, strict=True))
        self.runs += sign
        self.timed += sign * is_timed(values["legacy_s"], values["candidate_s"], values["renewed_at"])
        self.ids ^= number_of_id(row[0])
        if sign > 0:
            self.first = min(self.first, at) if self.first else at
            self.last = max(self.last, at)


def is_timed(legacy_s: object, candidate_s: object, renewed_at: object) -> bool:
    """Whether the own times of a run count: renewed runs took theirs on other code."""
    return legacy_s is not None and candidate_s is not None and renewed_at is None


def kind_of(row: Sequence[Any]) -> Kind:
    """That of a run in production."""
    _, _, seam, phase, stage, answered_by, code, rules, verdict = row[:9]
    return (seam, phase, stage, answered_by, code or "", rules, input_version(row[_WORLD]), verdict)


def group_of(row: Sequence[Any]) -> Group:
    """That of a run in production."""
    values = dict(zip(COUNTED, row, strict=True))
    is_told = values["verdict"] == Verdict.UNPAIRED or values["reason"] in _COUNTED_APART
    reason = (values["reason"] or "") if is_told else ""
    renewed = int(values["renewed_at"] is not None)
    return (kind_of(row), row[1][:10], values["clusters"], reason, renewed)


def input_version(world: str | None) -> str:
    """In which way the digest of a distinct input was made; empty where there is none."""
    return "" if world is None else world.partition(":")[0] if ":" in world else "?"


def digest_of(parts: Sequence[object]) -> str:
    """A short name for what would be too long for an index."""
    return sha256(json.dumps(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def kind_numbers(connection: Connection, kinds: Iterable[Kind]) -> dict[Kind, int]:
    """The number of each kind; those that are new get one."""
    wanted = {digest_of(kind): kind for kind in kinds}
    found = _numbers(connection, "kinds", list(wanted))
    new = [digest for digest in wanted if digest not in found]
    if new:
        eras = {digest: (kind[0], *kind[4:7]) for digest, kind in wanted.items() if digest in new}
        numbers = _era_numbers(connection, set(eras.values()))
        connection.executemany(
            "INSERT INTO kinds"
            " (digest, era, met, seam, phase, stage, answered_by, code, rules, version, verdict)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (digest, numbers[eras[digest]], int(Met.of(kind[2], kind[3], kind[7])), *kind)
                for digest, kind in ((digest, wanted[digest]) for digest in new)
            ],
        )
        found |= _numbers(connection, "kinds", new)
    return {kind: found[digest] for digest, kind in wanted.items()}


def _era_numbers(connection: Connection, eras: Iterable[Era]) -> dict[Era, int]:
    wanted = {digest_of(era): era for era in eras}
    found = _numbers(connection, "eras", list(wanted))
    new = [digest for digest in wanted if digest not in found]
    connection.executemany(
        "INSERT INTO eras (digest, seam, code, rules, version) VALUES (?, ?, ?, ?, ?)",
        [(digest, *wanted[digest]) for digest in new],
    )
    found |= _numbers(connection, "eras", new)
    return {era: found[digest] for digest, era in wanted.items()}


def _numbers(connection: Connection, table: str, digests: Sequence[str]) -> dict[str, int]:
    query = f"SELECT digest, number FROM {table} WHERE digest IN "  # noqa: S608  one of two names
    return dict(rows_in(connection, query, digests))


def rows_in(connection: Connection, query: str, values: Sequence[object], *more: object) -> Iterator[Any]:
    """The rows of a question that ends with `IN`, asked for some values at a time."""
    for start in range(0, len(values), TOGETHER):
        some = values[start : start + TOGETHER]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"{query} ({marks})", (*more, *some)).fetchall()


@contextmanager
def counted(connection: Connection, identifiers: Iterable[str]) -> Iterator[None]:
    """What happens to these runs inside is counted: whoever is new, another one now, or gone."""
    names = list(identifiers)
    before = {row[0]: row for row in rows_in(connection, f"{ROWS} AND id IN", names)}
    yield
    after = {row[0]: row for row in rows_in(connection, f"{ROWS} AND id IN", names)}
    gone = [row for name, row in before.items() if after.get(name) != row]
    new = [row for name, row in after.items() if before.get(name) != row]
    if gone or new:
        kinds = kind_numbers(connection, {kind_of(row) for row in (*gone, *new)})
        _change_tallies(connection, kinds, gone, new)
        _change_inputs(connection, kinds, gone, new)


def kinds_of_rows(connection: Connection, rows: Sequence[Row]) -> list[int]:
    """The number of the kind of each row, in their order."""
    kinds = list(map(kind_of, rows))
    numbers = kind_numbers(connection, set(kinds))
    return [numbers[kind] for kind in kinds]


def name_kinds(connection: Connection, identifiers: Sequence[str]) -> None:
    """Note the kind of each of these runs, after it has changed."""
    rows = list(rows_in(connection, f"{ROWS} AND id IN", identifiers))
    kinds = kind_numbers(connection, {kind_of(row) for row in rows})
    connection.executemany(
        "UPDATE runs SET kind = ? WHERE id = ?", [(kinds[kind_of(row)], row[0]) for row in rows]
    )


def _change_tallies(
    connection: Connection, kinds: dict[Kind, int], gone: Sequence[Row], new: Sequence[Row]
) -> None:
    groups = {group_of(row) for row in (*gone, *new)}
    keys = {group: _key(kinds, group) for group in groups}
    query = "SELECT key, runs, timed, ids, first, last FROM tallies WHERE key IN"
    there = {key: Tally(*rest) for key, *rest in rows_in(connection, query, list(keys.values()))}
    tallies = {group: there.get(key, Tally()) for group, key in keys.items()}
    for row in gone:
        tallies[group_of(row)].add(row, -1)
    for row in new:
        tallies[group_of(row)].add(row)
    shrunk = {group for group in map(group_of, gone) if tallies[group].runs > 0}
    _look_at_moments(connection, kinds, {group: tallies[group] for group in shrunk})
    empty = [(keys[group],) for group, tally in tallies.items() if tally.runs <= 0]
    connection.executemany("DELETE FROM tallies WHERE key = ?", empty)
    write_tallies(connection, kinds, {group: tally for group, tally in tallies.items() if tally.runs > 0})


def _key(kinds: dict[Kind, int], group: Group) -> str:
    return digest_of((kinds[group[0]], *group[1:]))


def write_tallies(connection: Connection, kinds: dict[Kind, int], tallies: dict[Group, Tally]) -> None:
    """Each in the place of what stood there for its group."""
    values = ", ".join(f"{name} = excluded.{name}" for name in ("runs", "timed", "ids", "first", "last"))
    connection.executemany(
        f"INSERT INTO tallies ({TALLY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  names
        f" ON CONFLICT (key) DO UPDATE SET {values}",
        [
            (
                _key(kinds, group),
                kinds[group[0]],
                *group[1:],
                one.runs,
                one.timed,
                one.ids,
                one.first,
                one.last,
            )
            for group, one in sorted(tallies.items())
        ],
    )


def _look_at_moments(connection: Connection, kinds: dict[Kind, int], tallies: dict[Group, Tally]) -> None:
    """Of a group that lost runs the first and the last one have to be looked for."""
    for kind, day in sorted({(group[0], group[1]) for group in tallies}):
        found: defaultdict[Group, Tally] = defaultdict(Tally)
        # `T` follows the day in every moment, and `U` follows `T`.
        query = f"{ROWS} AND kind = ? AND at >= ? AND at < ?"
        for row in connection.execute(query, (kinds[kind], day, f"{day}U")).fetchall():
            found[group_of(row)].add(row)
        for group, tally in tallies.items():
            if group in found:
                tally.first, tally.last = found[group].first, found[group].last


def _change_inputs(
    connection: Connection, kinds: dict[Kind, int], gone: Sequence[Row], new: Sequence[Row]
) -> None:
    about = _about_kinds(connection, kinds.values())
    masks: defaultdict[tuple[int, str], int] = defaultdict(int)
    for row in new:
        era, met = about[kinds[kind_of(row)]]
        if row[_WORLD] is not None and met:
            masks[era, row[_WORLD]] |= met
    add_inputs(connection, masks)
    meant = ((*about[kinds[kind_of(row)]], row[_WORLD]) for row in gone)
    lost = {(era, world) for era, met, world in meant if world is not None and met}
    if not lost:
        return
    left: defaultdict[tuple[int, str], int] = defaultdict(int)
    query = (
        "SELECT DISTINCT era, world, met FROM runs JOIN kinds ON kinds.number = runs.kind"  # noqa: S608
        f" WHERE {OF_PRODUCTION} AND world IN"
    )
    for era, name, met in rows_in(connection, query, sorted({name for _, name in lost})):
        left[era, name] |= met
    connection.executemany("DELETE FROM inputs WHERE era = ? AND world = ?", sorted(lost))
    add_inputs(connection, {key: left[key] for key in lost if left[key]})


def add_inputs(connection: Connection, masks: dict[tuple[int, str], int]) -> None:
    """How distinct inputs were met, beside what is known of them."""
    connection.executemany(
        "INSERT INTO inputs (era, world, met) VALUES (?, ?, ?)"
        " ON CONFLICT (era, world) DO UPDATE SET met = inputs.met | excluded.met",
        [(era, world, met) for (era, world), met in sorted(masks.items())],
    )


def _about_kinds(connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
    """The number of seam, code and rules of a kind, and how its runs meet an input."""
    query = "SELECT number, era, met FROM kinds WHERE number IN"
    return {number: (era, met) for number, era, met in rows_in(connection, query, sorted(set(numbers)))}
