"""`explain`: one cluster or run of a comparison that is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.evidence.store.rows import ClusterRow, CorpusRow, RunRow
from changeover.evidence.store.store import Archive, store_path
from changeover.project import Project, open_project
from changeover.views.text.explain import below_of
from changeover.views.text.explain_run import SeamRun

_HEXADECIMAL = frozenset("0123456789abcdef")
NAMES_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class LatestExplained:
    """The latest comparison and its clusters, in the order in which a run meets them."""

    comparison: dict[str, Any]
    clusters: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ClusterExplained:
    """One cluster, the comparison that found it last, its smallest run, and the clusters `below` it.

    A cluster is below another one where it only appears in runs that have the other one too.
    """

    cluster: dict[str, Any]
    comparison: dict[str, Any]
    below: list[Mapping[str, Any]]
    run: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RunsExplained:
    """The runs of one case, or the run of an id; `ids` are theirs, in the same order."""

    runs: list[SeamRun]
    ids: list[str]


Explanation = LatestExplained | ClusterExplained | RunsExplained


def explain(name: str | None = None, *, project: str | Path | Project = ".") -> Explanation:
    """What differs, where, both values, in how many runs, and how to reproduce it.

    Args:
        name: any unambiguous beginning of a cluster's identifier, or a run as SOURCE/CASE; unless given, all
            clusters of the latest comparison.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: nothing of this name is kept, or the store cannot be read.

    Example:
        found = changeover.explain("09ad52")
    """
    archive = Archive(store_path(open_project(project).root))
    corpora = {corpus.number: corpus for corpus in archive.corpora()}
    if not corpora and name is None:
        raise ConfigurationError(str(archive.path), "holds no comparison yet: changeover compare")
    if name is None:
        latest = next(iter(corpora.values()))
        return LatestExplained(_corpus(latest), _clusters_of(archive, latest.number))
    clusters = archive.clusters(name) if _may_be_cluster(name) else []
    if len(clusters) > 1:
        known = ", ".join(row.digest[: len(name) + 4] for row in clusters[:NAMES_SHOWN_MAX])
        raise ConfigurationError(
            name, f"begins {len(clusters)} clusters, allowed: a longer beginning: {known}"
        )
    if clusters:
        return _cluster(archive, clusters[0], corpora[clusters[0].corpus])
    runs = archive.runs(name)
    if not runs:
        raise ConfigurationError(name, "is no cluster and no run that is kept: changeover explain lists them")
    return _runs(runs)


def _may_be_cluster(name: str) -> bool:
    return set(name.lower()) <= _HEXADECIMAL


def _cluster(archive: Archive, row: ClusterRow, corpus: CorpusRow) -> ClusterExplained:
    cluster = _body(row)
    runs = [
        run for run in archive.runs(cluster["smallest"]["run"]) if run.seam == cluster["seam"] and run.body
    ]
    run = json.loads(runs[0].body) if runs and runs[0].body else None
    below = below_of(cluster, _clusters_of(archive, corpus.number))
    return ClusterExplained(cluster, _corpus(corpus), below, run)


def _runs(runs: list[RunRow]) -> RunsExplained:
    shown = [
        SeamRun(run.name, run.seam, run.verdict, None if run.body is None else json.loads(run.body))
        for run in runs
    ]
    return RunsExplained(shown, [run.id for run in runs])


def _clusters_of(archive: Archive, corpus: int) -> list[dict[str, Any]]:
    """In the order in which a run meets them."""
    found = [_body(row) for row in archive.clusters("") if row.corpus == corpus]
    return sorted(found, key=lambda body: int(body["number"]))


def _body(row: ClusterRow) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(row.body)
    return body


def _corpus(corpus: CorpusRow) -> dict[str, Any]:
    return {"at": corpus.at, "source": corpus.source, "code": corpus.code, "rules": corpus.rules}
