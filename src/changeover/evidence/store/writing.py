"""What is written into a store, inside a transaction that somebody else began."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import uuid4
from zlib import compress

from changeover.compare.clusters import Example
from changeover.evidence.store.records import (
    GAVE_UP,
    UNSAFE_MARK,
    Review,
    StoredCluster,
    StoredComparison,
    StoredRun,
)
from changeover.evidence.store.rows_of_runs import WHOLE, stored_at
from changeover.evidence.store.run_contents import divergence_data, sighting_data
from changeover.evidence.store.schema import Connection
from changeover.evidence.store.summary import summary_data
from changeover.evidence.tallies import SeamTally
from changeover.record.codec import Codec, CodecError
from changeover.record.run import Run
from changeover.record.scenario_file import scenario_of, to_line
from changeover.values.observation import Side

TAPES_PER_PHASE_MAX = 10_000
TAPE_CHARACTERS_MAX = 1_000_000
CORPORA_KEPT_MAX = 20
CORPORA_REMEMBERED_MAX = 200
REVIEWS_KEPT_MAX = 500
COLUMNS = (
    *("id", "corpus", "at", "population", "name", "seam", "phase", "stage", "answered_by", "key"),
    *("correlation_id", "tags", "world", "code", "rules", "verdict", "reason", "clusters", "legacy_s"),
    *("candidate_s", "renewed_at", "body", "tape"),
)
_INSERT = f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  question marks
_RENEWED = (
    *("world", "code", "rules", "verdict", "reason", "clusters"),
    *("legacy_s", "candidate_s", "renewed_at", "body"),
)


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
    kept = (comparison.uid or uuid4().hex, str(comparison.answered_by), comparison.partial)
    cursor = connection.execute(
        "INSERT INTO corpora (at, source, population, code, rules, whole, summary, uid, answered_by, partial)"
        " VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        (stored_at(comparison.at), *about, summary, *kept),
    )
    forget_corpora(connection)
    number: int = cursor.lastrowid
    return number


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
    """The comparison is over: its clusters, what its screen showed, the seams that it compared in full.

    Not `whole` is one that was stopped before its source ended.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO clusters (digest, corpus, body, seam) VALUES (?, ?, ?, ?)",
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
            comparison.whole,
            _text(_redacted(comparison_data(comparison), redact)),
            json.dumps(seams),
            comparison.number,
        ),
    )


def add_review(connection: Connection, review: Review) -> None:
    """One review; the oldest beyond the limit are forgotten."""
    at = review.at.astimezone(UTC).isoformat()
    judged = (review.code, review.rules, review.answer, review.found)
    row = (review.kind, review.name, at, *judged, json.dumps(dict(review.body)))
    connection.execute("INSERT OR IGNORE INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute(
        "DELETE FROM reviews WHERE rowid NOT IN"
        " (SELECT rowid FROM reviews ORDER BY at DESC, rowid DESC LIMIT ?)",
        (REVIEWS_KEPT_MAX,),
    )


def writable(text: str) -> str:
    """Half a character that no encoding has (a lone surrogate) is written as JSON writes it."""
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


def packed(line: str) -> bytes:
    """A line of a scenario file as the store has it: tapes of one program repeat themselves."""
    return compress(line.encode("utf-8", "backslashreplace"))


class Tapes:
    """One tape for every world of a phase, up to a limit, and one for whatever did not match.

    `answering` has the digest of the code of either path, which stands on each tape.
    """

    def __init__(self, codec: Codec, answering: Mapping[Side, str | None]) -> None:
        self._codec = codec
        self._answering = answering
        self._worlds: defaultdict[str, set[str]] = defaultdict(set)

    def packed(self, run: Run, row: StoredRun) -> bytes | None:
        """The tape of a run that is fit to be written; None where it is not wanted, or would not survive."""
        if run.legacy is None and run.candidate is None:
            return None  # nothing of it was kept
        if row.verdict not in WHOLE:
            worlds = self._worlds[row.phase]
            if row.world is None or row.world in worlds or len(worlds) >= TAPES_PER_PHASE_MAX:
                return None
            worlds.add(row.world)
        try:
            known = run.elsewhere
            code = self._answering.get(run.answered_by) if known is None else known.answering_code
            scenario = scenario_of(run, code)
            line = to_line(scenario, self._codec)
        except CodecError:  # `doctor` names the place
            return None
        return packed(line) if len(line) <= TAPE_CHARACTERS_MAX else None


def without_known_tapes(connection: Connection, runs: Iterable[StoredRun]) -> list[StoredRun]:
    """The same runs, without the tapes of worlds of which there is one, or beyond the limit.

    A run that is written once more keeps the tape that it has.
    """
    counts: dict[str, int] = {}
    taken: set[tuple[str, str | None]] = set()
    kept: list[StoredRun] = []
    for run in runs:
        if run.tape is None or run.verdict in WHOLE:
            kept.append(run)
            continue
        if run.phase not in counts:
            ((counts[run.phase],),) = connection.execute(
                "SELECT count(*) FROM runs WHERE tape IS NOT NULL AND phase = ?", (run.phase,)
            ).fetchall()
        world = (run.phase, run.world)
        is_known = (
            world in taken
            or connection.execute(
                "SELECT 1 FROM runs WHERE tape IS NOT NULL AND phase = ? AND world = ? AND id != ? LIMIT 1",
                (*world, run.id),
            ).fetchone()
        )
        if not is_known and counts[run.phase] < TAPES_PER_PHASE_MAX:
            counts[run.phase] += 1
            taken.add(world)
            kept.append(run)
        else:
            kept.append(run if _has_tape(connection, run) else replace(run, tape=None))
    return kept


def _has_tape(connection: Connection, run: StoredRun) -> bool:
    found = connection.execute("SELECT 1 FROM runs WHERE tape IS NOT NULL AND id = ?", (run.id,)).fetchone()
    return found is not None
