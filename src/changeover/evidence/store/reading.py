"""From the rows of a store to what a gate, a screen or a report asks of it."""

from __future__ import annotations

import gc
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from changeover.evidence.cluster_states import Sightings, state_of
from changeover.evidence.store.records import Evidence, Review, StoredComparison, StoredRun
from changeover.evidence.store.rows import READ_COLUMNS, read_cluster, read_run, read_seam
from changeover.evidence.store.schema import Connection
from changeover.evidence.store.summary import read_summary
from changeover.evidence.tallies import EffectCounts
from changeover.values.observation import Side


def evidence_in(connection: Connection) -> Evidence:
    """Everything; raises where a row is not of this program's making."""
    counters = dict(connection.execute("SELECT name, sum(value) FROM counters GROUP BY name").fetchall())
    rows = connection.execute(
        f"SELECT {', '.join(READ_COLUMNS)} FROM runs WHERE corpus IS NULL AND population = 'production'"  # noqa: S608
        " ORDER BY at DESC, rowid DESC"
    ).fetchall()
    reviews = connection.execute(
        "SELECT kind, name, at, code, rules, answer, found, body FROM reviews ORDER BY at DESC, rowid DESC"
    ).fetchall()
    return Evidence(
        corpora=tuple(_corpora(connection)),
        production=_runs(rows),
        reviews=tuple(map(_review, reviews)),
        lost=counters.get("lost", 0),
        pruned=counters.get("pruned", 0),
    )


def _runs(rows: list[Sequence[Any]]) -> tuple[StoredRun, ...]:
    with _nothing_collected():
        return tuple(map(read_run, rows))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Nothing of what is read is garbage: looking for some takes as long as the reading."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
        "SELECT number, at, source, population, code, rules, whole, partial, answered_by, uid, summary"
        " FROM corpora WHERE kept ORDER BY at DESC, number DESC"
    ).fetchall()
    return [_comparison(connection, row) for row in rows]


def _comparison(connection: Connection, row: Sequence[Any]) -> StoredComparison:
    number, at, source, population, code, rules, whole, partial, answered_by, uid, text = row
    data = json.loads(text)
    seams = data.get("seams", {}) if whole or "seams" in data else _seams_so_far(connection, number)
    return StoredComparison(
        number=number,
        at=datetime.fromisoformat(at),
        source=source,
        population=population,
        code=code,
        rules=rules,
        whole=bool(whole),
        partial=bool(partial),
        answered_by=Side(answered_by),
        seams={name: read_seam(name, seam) for name, seam in seams.items()},
        tags=data.get("tags", {}),
        distinct_worlds=data.get("distinct_worlds", 0),
        distinct_diverged=data.get("distinct_diverged", 0),
        damaged=tuple(data.get("damaged", ())),
        effects=tuple(EffectCounts(**line) for line in data.get("effects", ())),
        own_times={phase: (one[0], one[1]) for phase, one in data.get("own_times", {}).items()},
        summary=read_summary(data),
        uid=uid,
    )


def _seams_so_far(connection: Connection, corpus: int) -> dict[str, dict[str, Any]]:
    """What a comparison that still runs, or was killed, has written of its runs."""
    found: dict[str, dict[str, Any]] = {}
    for seam, phase, verdict, runs in connection.execute(
        "SELECT seam, phase, verdict, count(*) FROM runs WHERE corpus = ? GROUP BY seam, phase, verdict",
        (corpus,),
    ).fetchall():
        found.setdefault(seam, {"phase": phase, "verdicts": {}})["verdicts"][verdict] = runs
    return found
