"""What is written into a store, inside a transaction that somebody else began."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any
from uuid import uuid4

from changeover.evidence.store.records import Review, StoredComparison, StoredRun
from changeover.evidence.store.rows import (
    COLUMNS,
    cluster_data,
    comparison_data,
    run_row,
    stored_at,
    writable,
)
from changeover.evidence.store.schema import Connection
from changeover.evidence.store.summary import summary_data

CORPORA_KEPT_MAX = 20
CORPORA_REMEMBERED_MAX = 200
REVIEWS_KEPT_MAX = 500
LOST = "lost"
PRUNED = "pruned"
_INSERT = f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  question marks
_RENEWED = (
    *("world", "code", "rules", "verdict", "reason", "clusters"),
    *("legacy_s", "candidate_s", "renewed_at", "body"),
)


RedactData = Callable[[Any], Any]
"""Takes out of JSON what must not be written."""


def add_corpus(connection: Connection, comparison: StoredComparison, redact: RedactData) -> int:
    """A comparison begins; gives its number. The oldest ones are forgotten down to what they found."""
    cursor = connection.execute(
        "INSERT INTO corpora (at, source, population, code, rules, whole, summary, uid, answered_by, partial)"
        " VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        (
            stored_at(comparison.at),
            comparison.source,
            comparison.population,
            comparison.code,
            comparison.rules,
            _text(redact({**summary_data(comparison.summary), "partial": comparison.partial})),
            comparison.uid or uuid4().hex,
            str(comparison.answered_by),
            comparison.partial,
        ),
    )
    forget_corpora(connection)
    number: int = cursor.lastrowid
    return number


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
        f"UPDATE corpora SET kept = 0, summary = '{{}}' WHERE kept AND number NOT IN ({latest})",  # noqa: S608
        (CORPORA_KEPT_MAX,),
    )
    forgotten = "SELECT number FROM corpora WHERE NOT kept"
    connection.execute(f"DELETE FROM runs WHERE corpus IN ({forgotten})")  # noqa: S608
    connection.execute(
        f"UPDATE clusters SET body = '' WHERE body != '' AND corpus IN ({forgotten})"  # noqa: S608
    )


def add_runs(connection: Connection, runs: Iterable[StoredRun]) -> None:
    """Runs, each in the place of one that has its identifier already."""
    connection.executemany(_INSERT, [run_row(run) for run in runs])


def renew_runs(connection: Connection, runs: Iterable[StoredRun]) -> None:
    """What today's code makes of runs in production; when they were, and who answered, stays."""
    connection.executemany(
        f"UPDATE runs SET {', '.join(f'{name} = ?' for name in _RENEWED)}"  # noqa: S608  names of columns
        " WHERE id = ? AND corpus IS NULL",
        [(*run_row(run, _RENEWED), run.id) for run in runs],
    )


def end_corpus(connection: Connection, comparison: StoredComparison, redact: RedactData) -> None:
    """The comparison is over: its clusters, what its screen showed, the seams of which it showed something.

    Not `whole` is one that was stopped before its source ended.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO clusters (digest, corpus, body, seam) VALUES (?, ?, ?, ?)",
        [
            (one.digest, comparison.number, _text(redact(cluster_data(one))), one.seam)
            for one in comparison.clusters
        ],
    )
    seams = [name for name, tally in comparison.seams.items() if tally.compared]
    connection.execute(
        "UPDATE corpora SET whole = ?, summary = ?, seams = ? WHERE number = ?",
        (comparison.whole, _text(redact(comparison_data(comparison))), json.dumps(seams), comparison.number),
    )


def add_review(connection: Connection, review: Review) -> None:
    """One review; the oldest beyond the limit are forgotten."""
    connection.execute(
        "INSERT OR IGNORE INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            review.kind,
            review.name,
            review.at.astimezone(UTC).isoformat(),
            review.code,
            review.rules,
            review.answer,
            review.found,
            json.dumps(dict(review.body)),
        ),
    )
    connection.execute(
        "DELETE FROM reviews WHERE rowid NOT IN"
        " (SELECT rowid FROM reviews ORDER BY at DESC, rowid DESC LIMIT ?)",
        (REVIEWS_KEPT_MAX,),
    )


def count_up(connection: Connection, name: str, number: int) -> None:
    """Add to a counter of this store."""
    if number:
        ((store,),) = connection.execute("SELECT store FROM identity LIMIT 1").fetchall()
        connection.execute(
            "INSERT INTO counters VALUES (?, ?, ?)"
            " ON CONFLICT (store, name) DO UPDATE SET value = value + excluded.value",
            (store, name, number),
        )
