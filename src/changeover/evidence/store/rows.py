"""From records to the columns of a store and back; no other file knows how a column is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from changeover.compare.change_pattern import read_pattern
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.summary import summary_data
from changeover.evidence.tallies import SeamTally
from changeover.values.divergence import Kind, Verdict
from changeover.values.observation import Side

if TYPE_CHECKING:
    from changeover.compare.clusters import Example

STORE = "store"
UNSAFE_MARK = "!"
"""Stands before the digest of a cluster of an effect, in the column `clusters`."""
GAVE_UP = "the answering path raised, or gave nothing"
"""Stands in the column `reason` of a run that was compared, and whose answering path did nothing."""
COLUMNS = (
    *("id", "corpus", "at", "population", "name", "seam", "phase", "stage", "answered_by", "key"),
    *("correlation_id", "tags", "world", "code", "rules", "verdict", "reason", "clusters", "legacy_s"),
    *("candidate_s", "renewed_at", "body", "tape"),
)
READ_COLUMNS = (
    *("id", "at", "seam", "phase", "stage", "answered_by", "verdict", "code", "rules", "world", "clusters"),
    *("reason", "tags", "legacy_s", "candidate_s", "renewed_at"),
)
"""The first fields of `StoredRun`, which `read_run` begins with; the next are what screens look at."""
MORE_COLUMNS = ("corpus", "population", "name", "key", "correlation_id")
_VERDICTS = {str(verdict): verdict for verdict in Verdict}
_SIDES = {str(side): side for side in Side}


def stored_at(moment: datetime) -> str:
    """A moment as stores keep it: in UTC, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


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


def read_run(row: Sequence[Any]) -> StoredRun:
    """A run from `READ_COLUMNS`, or from these, `MORE_COLUMNS` and, as far as asked for, body and tape."""
    clusters, unsafe = ((), ()) if row[10] == "[]" else _read_clusters(json.loads(row[10]))
    is_given_up = row[11] == GAVE_UP
    return StoredRun(
        row[0],
        datetime.fromisoformat(row[1]),
        row[2],
        row[3],
        row[4],
        _SIDES[row[5]],
        _VERDICTS[row[6]],
        row[7],
        row[8],
        row[9],
        clusters,
        None if is_given_up else row[11],
        () if row[12] == "[]" else tuple(json.loads(row[12])),
        row[13],
        row[14],
        None if row[15] is None else datetime.fromisoformat(row[15]),
        unsafe,
        is_given_up,
        *row[16:],
    )


def _read_clusters(listed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    unsafe = tuple(name[1:] for name in listed if name.startswith(UNSAFE_MARK))
    return tuple(name.removeprefix(UNSAFE_MARK) for name in listed), unsafe


def cluster_data(cluster: StoredCluster) -> dict[str, Any]:
    """A cluster as JSON."""
    from changeover.evidence.store.run_contents import sighting_data

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
    from changeover.evidence.store.run_contents import divergence_data

    if example is None:
        return None
    return {"run": example.run, "size": example.size, "divergence": divergence_data(example.divergence)}


def read_cluster(digest: str, data: Mapping[str, Any], corpus: int = 0) -> StoredCluster:
    """What `cluster_data` wrote, by this program or an earlier one."""
    from changeover.evidence.store.run_contents import read_sighting

    first, last, smallest = (_read_example(data.get(name)) for name in ("first", "last", "smallest"))
    return StoredCluster(
        digest,
        data["seam"],
        data["place"],
        Kind(data["kind"]),
        read_pattern(data["pattern"]),
        bool(data["unsafe"]),
        data["runs"],
        number=data["number"],
        occurrences=data.get("occurrences", data["runs"]),
        reachable=data.get("reachable", data["runs"]),
        first=first,
        last=last,
        smallest=smallest,
        always_with=tuple(data.get("always_with", ())),
        root=data.get("root"),
        sighting=read_sighting(data),
        answered_by=Side(data.get("answered_by", Side.LEGACY)),
        corpus=corpus,
    )


def _read_example(data: Mapping[str, Any] | None) -> Example | None:
    from changeover.compare.clusters import Example
    from changeover.evidence.store.run_contents import read_divergence

    if data is None:
        return None
    return Example(data["run"], read_divergence(data["divergence"]), None, data["size"])


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
    names = ("phase", "gave_up", "runs", "compared", "diverged", "not_compared")
    verdicts = {str(verdict): number for verdict, number in tally.verdicts.items() if number}
    return {**{name: getattr(tally, name) for name in names}, "verdicts": verdicts}


def read_seam(name: str, data: Mapping[str, Any]) -> SeamTally:
    """The tally of one seam, from what `comparison_data` wrote."""
    verdicts = {_VERDICTS[verdict]: number for verdict, number in data.get("verdicts", {}).items()}
    return SeamTally(name, data.get("phase", ""), verdicts, data.get("gave_up", 0))
