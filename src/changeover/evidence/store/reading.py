"""From the rows of a store to what a gate, a screen or a report asks of it."""

from __future__ import annotations

import gc
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from changeover.evidence.cluster_states import Sightings, state_of
from changeover.evidence.store.records import (
    EffectCounts,
    Evidence,
    KeptCluster,
    KeptCorpus,
    KeptRun,
    Review,
    SeamCounts,
)
from changeover.evidence.store.rows import UNSAFE_MARK
from changeover.evidence.store.schema import Connection
from changeover.values.observation import Side
from changeover.values.verdict import Verdict

_VERDICTS = {str(verdict): verdict for verdict in Verdict}
_PATHS = {str(path): path for path in Side}
_RUN_COLUMNS = (
    "id, at, seam, phase, stage, answered_by, verdict, code, rules, world, clusters, reason, tags,"
    " legacy_s, candidate_s, renewed_at"
)


def evidence_in(connection: Connection) -> Evidence:
    """Everything; raises where a row is not of this program's making."""
    counters = dict(connection.execute("SELECT name, sum(value) FROM counters GROUP BY name").fetchall())
    rows = connection.execute(
        f"SELECT {_RUN_COLUMNS} FROM runs WHERE corpus IS NULL AND population = 'production'"  # noqa: S608
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


def _runs(rows: list[Sequence[Any]]) -> tuple[KeptRun, ...]:
    with _nothing_collected():
        return tuple(map(_run, rows))


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


def _run(row: Sequence[Any]) -> KeptRun:
    clusters, unsafe = ((), ()) if row[10] == "[]" else _marked(json.loads(row[10]))
    return KeptRun(
        row[0],
        datetime.fromisoformat(row[1]),
        row[2],
        row[3],
        row[4],
        _PATHS[row[5]],
        _VERDICTS[row[6]],
        row[7],
        row[8],
        row[9],
        clusters,
        row[11],
        () if row[12] == "[]" else tuple(json.loads(row[12])),
        row[13],
        row[14],
        None if row[15] is None else datetime.fromisoformat(row[15]),
        unsafe,
    )


def _marked(listed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    unsafe = tuple(name[1:] for name in listed if name.startswith(UNSAFE_MARK))
    return tuple(name.removeprefix(UNSAFE_MARK) for name in listed), unsafe


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


def _corpora(connection: Connection) -> list[KeptCorpus]:
    history = sightings_in(connection)
    rows = connection.execute(
        "SELECT number, at, source, population, code, rules, whole, partial, answered_by, summary"
        " FROM corpora WHERE kept ORDER BY at DESC, number DESC"
    ).fetchall()
    return [_corpus(connection, row, history) for row in rows]


def _corpus(connection: Connection, row: Sequence[Any], history: Sequence[Sightings]) -> KeptCorpus:
    number, at, source, population, code, rules, whole, partial, answered_by, text = row
    summary = json.loads(text)
    seams = summary.get("seams", {}) if whole or "seams" in summary else _seams_so_far(connection, number)
    bodies = [
        (digest, json.loads(body))
        for digest, body in connection.execute(
            "SELECT digest, body FROM clusters WHERE corpus = ? AND body != ''", (number,)
        ).fetchall()
    ]
    clusters = [
        KeptCluster(
            digest,
            body["seam"],
            body["place"],
            body["kind"],
            body["pattern"],
            bool(body["unsafe"]),
            body["runs"],
            state_of(history, number, body["seam"], digest),
            body,
        )
        for digest, body in sorted(bodies, key=lambda pair: int(pair[1]["number"]))
    ]
    return KeptCorpus(
        number=number,
        at=datetime.fromisoformat(at),
        source=source,
        population=population,
        code=code,
        rules=rules,
        whole=bool(whole),
        partial=bool(partial),
        answered_by=_PATHS[answered_by],
        seams={name: _counts(seam) for name, seam in seams.items()},
        tags=summary.get("tags", {}),
        distinct_worlds=summary.get("distinct_worlds", 0),
        distinct_diverged=summary.get("distinct_diverged", 0),
        damaged=tuple(summary.get("damaged", ())),
        effects=tuple(EffectCounts(**line) for line in summary.get("effects", ())),
        clusters=tuple(clusters),
        own_times={phase: (one[0], one[1]) for phase, one in summary.get("own_times", {}).items()},
        summary=summary,
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


def _counts(seam: Mapping[str, Any]) -> SeamCounts:
    verdicts = {_VERDICTS[name]: count for name, count in seam.get("verdicts", {}).items()}
    return SeamCounts(seam.get("phase", ""), verdicts, seam.get("gave_up", 0))
