"""From the rows of a store to what a gate, a screen or a report asks of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from changeover.compare.change_pattern import read_pattern
from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counters import counts_in
from changeover.evidence.store.own_times import Today, read_clusters
from changeover.evidence.store.production_reading import production_in
from changeover.evidence.store.records import (
    GAVE_UP,
    Evidence,
    Review,
    Sightings,
    StoredCluster,
    StoredComparison,
    StoredRun,
    state_of,
)
from changeover.evidence.store.summary import Summary, read_record
from changeover.evidence.tallies import SeamTally
from changeover.values.divergence import Kind
from changeover.values.observation import Side
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.compare.clusters import Example

READ_COLUMNS = (
    *("id", "at", "seam", "phase", "stage", "answered_by", "verdict", "code", "rules", "world", "clusters"),
    *("reason", "tags", "legacy_s", "candidate_s", "renewed_at"),
)
"""The first fields of `StoredRun`, which `read_run` begins with; the next are what screens look at."""
_CORPUS = (
    *("number", "at", "source", "population", "code", "rules", "whole", "partial", "answered_by", "uid"),
)
MORE_COLUMNS = ("corpus", "population", "name", "key", "correlation_id")
_VERDICTS = {str(verdict): verdict for verdict in Verdict}
_SIDES = {str(side): side for side in Side}


def evidence_in(
    connection: Connection, until: datetime | None = None, today: Today | None = None
) -> Evidence:
    """Everything until a moment; what is told of one code and rules alone is told of today's.

    Raises where a row is not of this program's making.
    """
    lost, pruned = counts_in(connection)
    reviews = connection.execute(
        "SELECT kind, name, at, code, rules, answer, found, body FROM reviews ORDER BY at DESC, rowid DESC"
    ).fetchall()
    counts = production_in(connection, until, today)
    return Evidence(
        corpora=tuple(_corpora(connection)),
        groups=counts.groups,
        inputs=counts.inputs,
        differing=counts.differing,
        times=counts.times,
        reviews=tuple(map(_review, reviews)),
        lost=lost,
        pruned=pruned,
        of_the_future=counts.of_the_future,
    )


def _review(row: Sequence[Any]) -> Review:
    kind, name, at, code, rules, answer, found, body = row
    return Review(kind, name, datetime.fromisoformat(at), code, rules, answer, found, json.loads(body))


def sightings_in(connection: Connection) -> list[Sightings]:
    """What every comparison found that is remembered, the oldest first."""
    found: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for corpus, seam, digest in connection.execute("SELECT corpus, seam, digest FROM clusters").fetchall():
        found[corpus][seam].add(digest)
    rows = connection.execute(
        "SELECT number, source, whole, partial, seams FROM corpora ORDER BY at, number"
    ).fetchall()
    return [
        Sightings(
            number,
            source,
            bool(whole) and not partial,
            frozenset(json.loads(seams)),
            {seam: frozenset(digests) for seam, digests in found[number].items()},
        )
        for number, source, whole, partial, seams in rows
    ]


def _corpora(connection: Connection) -> list[StoredComparison]:
    history = sightings_in(connection)
    found = []
    for comparison in comparisons_in(connection):
        clusters = connection.execute(
            "SELECT digest, body FROM clusters WHERE corpus = ? AND body != ''", (comparison.number,)
        ).fetchall()
        read = [read_cluster(digest, json.loads(body), comparison.number) for digest, body in clusters]
        known = [
            replace(one, state=state_of(history, comparison.number, one.seam, one.digest)) for one in read
        ]
        found.append(replace(comparison, clusters=tuple(sorted(known, key=lambda one: one.number))))
    return found


def comparisons_in(connection: Connection) -> list[StoredComparison]:
    """Every comparison that is kept, the latest first, without its clusters."""
    rows = connection.execute(
        f"SELECT {', '.join(_CORPUS)}, summary FROM corpora WHERE kept = 1 ORDER BY at DESC, number DESC"  # noqa: S608
    ).fetchall()
    return [
        _comparison(connection, dict(zip(_CORPUS, row, strict=False)), json.loads(row[-1])) for row in rows
    ]


def _comparison(connection: Connection, columns: dict[str, Any], data: dict[str, Any]) -> StoredComparison:
    """Of columns and JSON with the same name the columns count."""
    is_told = columns["whole"] or "seams" in data
    seams = data.get("seams", {}) if is_told else _seams_so_far(connection, columns["number"])
    made = {
        "at": datetime.fromisoformat(columns["at"]),
        "whole": bool(columns["whole"]),
        "partial": bool(columns["partial"]),
        "seams": {name: read_seam(name, seam) for name, seam in seams.items()},
        "summary": read_record(Summary, data),
    }
    return read_record(StoredComparison, {**data, **columns, **made})


def _seams_so_far(connection: Connection, corpus: int) -> dict[str, dict[str, Any]]:
    """What a comparison that still runs, or was killed, has written of its runs."""
    found: dict[str, dict[str, Any]] = {}
    for seam, phase, verdict, runs in connection.execute(
        "SELECT seam, phase, verdict, count(*) FROM runs WHERE corpus = ? GROUP BY seam, phase, verdict",
        (corpus,),
    ).fetchall():
        found.setdefault(seam, {"phase": phase, "verdicts": {}})["verdicts"][verdict] = runs
    return found


def read_run(row: Sequence[Any]) -> StoredRun:
    """A run from `READ_COLUMNS`, or from these, `MORE_COLUMNS` and, as far as asked for, body and tape."""
    clusters, unsafe = read_clusters(row[10])
    is_given_up = row[11] == GAVE_UP
    values: list[Any] = [
        row[0],
        datetime.fromisoformat(row[1]),
        *row[2:5],
        _SIDES[row[5]],
        _VERDICTS[row[6]],
        *row[7:10],
        clusters,
        None if is_given_up else row[11],
        () if row[12] == "[]" else tuple(json.loads(row[12])),
        *row[13:15],
        None if row[15] is None else datetime.fromisoformat(row[15]),
        unsafe,
        is_given_up,
        *row[16:],
    ]
    return StoredRun(*values)


def read_cluster(digest: str, data: Mapping[str, Any], corpus: int = 0) -> StoredCluster:
    """What `cluster_data` wrote, by this program or an earlier one."""
    from changeover.evidence.store.run_contents import read_sighting

    made: dict[str, Any] = {name: data[name] for name in ("seam", "place", "runs", "number")}
    made |= {name: data.get(name, data["runs"]) for name in ("occurrences", "reachable")}
    made |= {name: _read_example(data.get(name)) for name in ("first", "last", "smallest")}
    return StoredCluster(
        digest=digest,
        kind=Kind(data["kind"]),
        pattern=read_pattern(data["pattern"]),
        unsafe=bool(data["unsafe"]),
        always_with=tuple(data.get("always_with", ())),
        root=data.get("root"),
        sighting=read_sighting(data),
        answered_by=Side(data.get("answered_by", Side.LEGACY)),
        corpus=corpus,
        **made,
    )


def _read_example(data: Mapping[str, Any] | None) -> Example | None:
    from changeover.compare.clusters import Example
    from changeover.evidence.store.run_contents import read_divergence

    if data is None:
        return None
    return Example(data["run"], read_divergence(data["divergence"]), None, data["size"])


def read_seam(name: str, data: Mapping[str, Any]) -> SeamTally:
    """The tally of one seam, from what `comparison_data` wrote."""
    verdicts = {_VERDICTS[verdict]: number for verdict, number in data.get("verdicts", {}).items()}
    counts = (data.get(count, 0) for count in ("gave_up", "answered", "gave_nothing"))
    return SeamTally(name, data.get("phase", ""), verdicts, *counts)
