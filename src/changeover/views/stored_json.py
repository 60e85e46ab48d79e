"""Kept clusters, runs and comparisons for programs: what the store has, with both values also as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.compare.clusters import Example
from changeover.evidence.store.from_runs import keep_divergence, stored_at
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.run_contents import RunContents, contents_data, divergence_data
from changeover.evidence.store.writing import cluster_data, comparison_data
from changeover.values.divergence import Divergence
from changeover.values.value_text import value_text

TEXT_MAX = 200
_EXAMPLES = ("first", "last", "smallest")


def divergence_json(divergence: Divergence) -> dict[str, Any]:
    """A divergence that was just found."""
    return _with_texts(divergence_data(keep_divergence(divergence)), divergence)


def _with_texts(data: Mapping[str, Any], divergence: Divergence) -> dict[str, Any]:
    texts = [value_text(side, TEXT_MAX) for side in (divergence.legacy, divergence.candidate)]
    return {**{name: part for name, part in data.items() if name != "seen"}, "texts": texts}


def cluster_json(cluster: StoredCluster) -> dict[str, Any]:
    """A cluster that is kept."""
    data = cluster_data(cluster)
    data.pop("seen", None)
    for name in _EXAMPLES:
        example: Example | None = getattr(cluster, name)
        if example is not None:
            data[name]["divergence"] = _with_texts(data[name]["divergence"], example.divergence)
    return data | {"sighting": data["sighting"] or ""}


def run_json(contents: RunContents | None) -> dict[str, Any] | None:
    """What is kept of a run, None where only its verdict is."""
    if contents is None:
        return None
    data = contents_data(contents)
    pairs = zip(data["divergences"], contents.divergences, strict=True)
    return data | {"divergences": [_with_texts(found, divergence) for found, divergence in pairs]}


def heading_json(comparison: StoredComparison) -> dict[str, Any]:
    """Which comparison it is."""
    return {
        "at": stored_at(comparison.at),
        "source": comparison.source,
        "code": comparison.code,
        "rules": comparison.rules,
    }


def comparison_json(comparison: StoredComparison) -> dict[str, Any]:
    """A whole comparison."""
    data = comparison_data(comparison)
    names = ("tags", "distinct_worlds", "distinct_diverged", "damaged", "effects", "own_times")
    return {
        "number": comparison.number,
        "at": comparison.at.isoformat(),
        **{name: getattr(comparison, name) for name in ("source", "population", "code", "rules")},
        **{name: getattr(comparison, name) for name in ("whole", "partial", "answered_by")},
        "seams": {
            name: {part: seam[part] for part in ("phase", "verdicts", "gave_up")}
            for name, seam in data["seams"].items()
        },
        **{name: data[name] for name in names},
        "clusters": [_listed(one) for one in comparison.clusters],
        "summary": data,
    }


def _listed(cluster: StoredCluster) -> dict[str, Any]:
    body = cluster_json(cluster)
    names = ("seam", "place", "kind", "pattern", "unsafe", "runs")
    return {
        "digest": cluster.digest,
        **{name: body[name] for name in names},
        "state": cluster.state,
        "body": body,
    }


def named_run_json(run: StoredRun, period: str) -> dict[str, Any]:
    """A run of a comparison, with the label of the period that it belongs to."""
    named = {"name": run.name, "seam": run.seam, "verdict": run.verdict, "period": period}
    return named | {"body": run_json(run.contents)}
