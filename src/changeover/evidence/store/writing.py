"""What is written into a store, inside a transaction that somebody else began."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import uuid4

from changeover.compare.clusters import Example
from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counting import (
    COUNTED,
    TOGETHER,
    Row,
    counted,
    kinds_of_rows,
    name_kinds,
)
from changeover.evidence.store.records import (
    GAVE_UP,
    UNSAFE_MARK,
    Review,
    StoredCluster,
    StoredComparison,
    StoredRun,
)
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.evidence.store.run_contents import divergence_data, sighting_data
from changeover.evidence.store.summary import summary_data
from changeover.evidence.tallies import SeamTally
from changeover.settings import PRODUCTION

CORPORA_KEPT_MAX = 20
CORPORA_REMEMBERED_MAX = 200
REVIEWS_KEPT_MAX = 500
COLUMNS = (
    *("id", "corpus", "at", "population", "name", "seam", "phase", "stage", "answered_by", "key"),
    *("correlation_id", "tags", "world", "code", "rules", "verdict", "reason", "clusters", "legacy_s"),
    *("candidate_s", "renewed_at", "body", "tape"),
)
_WRITTEN = (*COLUMNS, "kind")
_MARKS = ", ".join("?" * len(_WRITTEN))
_INSERT = (
    f"INSERT INTO runs ({', '.join(_WRITTEN)}) VALUES ({_MARKS}) ON CONFLICT (id) DO UPDATE SET "  # noqa: S608
    + ", ".join(f"{name} = excluded.{name}" for name in _WRITTEN[1:])
)
_INSERT_NEW = f"INSERT INTO runs ({', '.join(_WRITTEN)}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING"  # noqa: S608
REVIEW_COLUMNS = "kind, name, at, code, rules, answer, found, body"
INSERT_REVIEW = (
    f"INSERT INTO reviews ({REVIEW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
)
_RENEWED = (
    *("world", "code", "rules", "verdict", "reason", "clusters"),
    *("legacy_s", "candidate_s", "renewed_at", "body"),
)


_COUNTED_AT = [COLUMNS.index(name) for name in COUNTED]
_CORPUS, _POPULATION = COLUMNS.index("corpus"), COLUMNS.index("population")

RedactData = Callable[[Any], Any]
"""Takes out of JSON what must not be written."""
_OWN_LEVELS = 3
"""So deep the names in what is written about a comparison are fields of the toolkit, not data."""
_NAMED_BY_PROGRAMS = frozenset({"tags"})
"""Of these fields the names inside are a program's from the first level on."""


def add_corpus(connection: Connection, comparison: StoredComparison, redact: RedactData) -> int:
    """A comparison begins; gives its number. The oldest ones are forgotten down to what they found."""
    about = (comparison.source, comparison.population, comparison.code, comparison.rules)
    summary = _text(_redacted({**summary_data(comparison.summary), "partial": comparison.partial}, redact))
    uid = comparison.uid or uuid4().hex
    kept = (uid, str(comparison.answered_by), int(comparison.partial))
    connection.execute(
        "INSERT INTO corpora (at, source, population, code, rules, whole, summary, uid, answered_by, partial)"
        " VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        (stored_at(comparison.at), *about, summary, *kept),
    )
    forget_corpora(connection)
    return number_of(connection, uid)


def number_of(connection: Connection, uid: str) -> int:
    """The number of the comparison that was added last under this name."""
    ((number,),) = connection.execute("SELECT max(number) FROM corpora WHERE uid = ?", (uid,)).fetchall()
    return int(number)


def _redacted(data: Any, redact: RedactData, levels: int = _OWN_LEVELS) -> Any:
    """What is written about a comparison: a secret that is also a word of the toolkit takes nothing away."""
    if isinstance(data, Enum):
        return data  # one of the toolkit's own words
    if levels and isinstance(data, dict):
        return {
            name: redact(part) if name in _NAMED_BY_PROGRAMS else _redacted(part, redact, levels - 1)
            for name, part in data.items()
        }
    if levels and isinstance(data, list | tuple):
        return [_redacted(part, redact, levels) for part in data]
    return redact(data)


def _text(data: Any) -> str:
    return writable(json.dumps(data, ensure_ascii=False))


def forget_corpora(connection: Connection) -> None:
    """Beyond the limits: first the runs, then the comparison itself."""
    latest = "SELECT number FROM corpora ORDER BY at DESC, number DESC LIMIT ?"
    connection.execute(
        f"DELETE FROM corpora WHERE number NOT IN ({latest})",  # noqa: S608  nothing of it comes from outside
        (CORPORA_REMEMBERED_MAX,),
    )
    connection.execute(
        f"UPDATE corpora SET kept = 0, summary = '{{}}' WHERE kept = 1 AND number NOT IN ({latest})",  # noqa: S608
        (CORPORA_KEPT_MAX,),
    )
    forgotten = "SELECT number FROM corpora WHERE kept = 0"
    connection.execute(f"DELETE FROM runs WHERE corpus IN ({forgotten})")  # noqa: S608
    connection.execute(
        f"UPDATE clusters SET body = '' WHERE body != '' AND corpus IN ({forgotten})"  # noqa: S608
    )


def add_runs(connection: Connection, runs: Iterable[StoredRun]) -> None:
    """Runs, each in the place of one that has its identifier already."""
    _insert(connection, _INSERT, [run_row(run) for run in runs])


def add_new_rows(connection: Connection, rows: Sequence[Row]) -> int:
    """The values of `COLUMNS`, of runs that are not there yet; gives their number."""
    return _insert(connection, _INSERT_NEW, rows)


def _insert(connection: Connection, statement: str, rows: Sequence[Row]) -> int:
    written = 0
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        counts = [row[_CORPUS] is None and row[_POPULATION] == PRODUCTION for row in some]
        of_production = [row for row, is_counted in zip(some, counts, strict=True) if is_counted]
        kinds = iter(
            kinds_of_rows(connection, [tuple(row[at] for at in _COUNTED_AT) for row in of_production])
        )
        values = [
            (*row, next(kinds) if is_counted else None) for row, is_counted in zip(some, counts, strict=True)
        ]
        with counted(connection, [str(row[0]) for row in some]):
            written += connection.executemany(statement, values).rowcount
    return written


def renew_runs(connection: Connection, runs: Iterable[StoredRun]) -> None:
    """What today's code makes of runs in production; when they were, and who answered, stays."""
    renewed = list(runs)
    names = [run.id for run in renewed]
    with counted(connection, names):
        connection.executemany(
            f"UPDATE runs SET {', '.join(f'{name} = ?' for name in _RENEWED)}"  # noqa: S608  columns
            " WHERE id = ? AND corpus IS NULL",
            [(*run_row(run, _RENEWED), run.id) for run in renewed],
        )
        name_kinds(connection, names)


def end_corpus(connection: Connection, comparison: StoredComparison, redact: RedactData) -> None:
    """The comparison is over: its clusters, what its screen showed, the seams that it compared in full.

    Not `whole` is one that was stopped before its source ended.
    """
    connection.executemany(
        "INSERT INTO clusters (digest, corpus, body, seam) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (digest, corpus) DO UPDATE SET body = excluded.body, seam = excluded.seam",
        [
            (one.digest, comparison.number, _text(_redacted(cluster_data(one), redact)), one.seam)
            for one in comparison.clusters
        ],
    )
    # What could not be compared may be there all the same: such a seam is clear of nothing.
    seams = [name for name, tally in comparison.seams.items() if tally.compared and not tally.failed]
    connection.execute(
        "UPDATE corpora SET whole = ?, summary = ?, seams = ? WHERE number = ?",
        (
            int(comparison.whole),
            _text(_redacted(comparison_data(comparison), redact)),
            json.dumps(seams),
            comparison.number,
        ),
    )


def add_review(connection: Connection, review: Review) -> None:
    """One review; the oldest beyond the limit are forgotten."""
    at = review.at.astimezone(UTC).isoformat()
    judged = (review.code, review.rules, str(review.answer), writable(review.found))
    row = (review.kind, writable(review.name), at, *judged, json.dumps(dict(review.body)))
    connection.execute(INSERT_REVIEW, row)
    connection.execute(
        "DELETE FROM reviews WHERE rowid NOT IN"
        " (SELECT rowid FROM reviews ORDER BY at DESC, rowid DESC LIMIT ?)",
        (REVIEWS_KEPT_MAX,),
    )


def writable(text: str) -> str:
    """What no text of a store may have is written as JSON writes it: half a character, and NUL."""
    text = text.replace("\0", "\\u0000") if "\0" in text else text
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def run_row(run: StoredRun, columns: Sequence[str] = COLUMNS) -> tuple[object, ...]:
    """The values of these columns."""
    return tuple(_column(run, name) for name in columns)


def _column(run: StoredRun, name: str) -> object:
    if name in ("at", "renewed_at"):
        moment: datetime | None = getattr(run, name)
        return None if moment is None else stored_at(moment)
    if name == "clusters":
        marked = [f"{UNSAFE_MARK}{one}" if one in run.unsafe else one for one in run.clusters]
        return json.dumps(marked) if marked else "[]"
    if name == "tags":
        return writable(json.dumps(run.tags)) if run.tags else "[]"
    if name == "reason" and run.gave_up:
        return GAVE_UP
    value = getattr(run, name)
    return writable(str(value)) if isinstance(value, str) else value


def cluster_data(cluster: StoredCluster) -> dict[str, Any]:
    """A cluster as JSON."""
    names = ("id", "number", "seam", "place", "kind", "unsafe", "runs", "occurrences", "reachable")
    examples = ("first", "last", "smallest")
    return {
        **{name: getattr(cluster, name) for name in (*names, "root", "answered_by")},
        "pattern": str(cluster.pattern),
        **{name: _example_data(getattr(cluster, name)) for name in examples},
        "always_with": list(cluster.always_with),
        **sighting_data(cluster.sighting),
    }


def _example_data(example: Example | None) -> dict[str, Any] | None:
    if example is None:
        return None
    return {"run": example.run, "size": example.size, "divergence": divergence_data(example.divergence)}


def comparison_data(comparison: StoredComparison) -> dict[str, Any]:
    """What is kept of a whole comparison beside its columns, runs and clusters, as JSON.

    `runs`, `compared`, `diverged` and `not_compared` of a seam are sums of its verdicts.
    """
    return {
        **summary_data(comparison.summary),
        "partial": comparison.partial,
        "seams": {name: _seam_data(tally) for name, tally in comparison.seams.items()},
        "tags": dict(comparison.tags),
        "distinct_worlds": comparison.distinct_worlds,
        "distinct_diverged": comparison.distinct_diverged,
        "damaged": list(comparison.damaged),
        "effects": list(map(asdict, comparison.effects)),
        "own_times": {phase: list(pair) for phase, pair in comparison.own_times.items()},
    }


def _seam_data(tally: SeamTally) -> dict[str, Any]:
    names = ("phase", "gave_up", "answered", "gave_nothing", "runs", "compared", "diverged", "not_compared")
    verdicts = {str(verdict): number for verdict, number in tally.verdicts.items() if number}
    return {**{name: getattr(tally, name) for name in names}, "verdicts": verdicts}
