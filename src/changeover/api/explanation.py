"""`explain`: one cluster or run of a comparison that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.store.archive import Archive
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.run_contents import RunContents
from changeover.evidence.store.store import store_path
from changeover.project import Project, open_project
from changeover.views.text.explain import below_of

_HEXADECIMAL = frozenset("0123456789abcdef")
NAMES_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class LatestExplained:
    """The latest comparison and its clusters, in the order in which a run meets them."""

    comparison: StoredComparison
    clusters: list[StoredCluster]


@dataclass(frozen=True, slots=True)
class ClusterExplained:
    """One cluster, the comparison that found it last, its smallest run, and the clusters `below` it.

    A cluster is below another one where it only appears in runs that have the other one too.
    """

    cluster: StoredCluster
    comparison: StoredComparison
    below: list[StoredCluster]
    run: RunContents | None


@dataclass(frozen=True, slots=True)
class RunsExplained:
    """The runs of one case, or the run of an id."""

    runs: list[StoredRun]


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
        return LatestExplained(latest, _clusters_of(archive, latest.number))
    clusters = archive.clusters(name) if _may_be_cluster(name) else []
    if len(clusters) > 1:
        known = ", ".join(one.digest[: len(name) + 4] for one in clusters[:NAMES_SHOWN_MAX])
        raise ConfigurationError(
            name, f"begins {len(clusters)} clusters, allowed: a longer beginning: {known}"
        )
    if clusters:
        return _cluster(archive, clusters[0], corpora[clusters[0].corpus])
    runs = archive.runs(name)
    if not runs:
        raise ConfigurationError(name, "is no cluster and no run that is kept: changeover explain lists them")
    return RunsExplained(runs)


def _may_be_cluster(name: str) -> bool:
    return set(name.lower()) <= _HEXADECIMAL


def _cluster(archive: Archive, cluster: StoredCluster, comparison: StoredComparison) -> ClusterExplained:
    runs = [] if cluster.smallest is None else archive.runs(cluster.smallest.run)
    run = next((run.contents for run in runs if run.seam == cluster.seam and run.body), None)
    below = below_of(cluster, _clusters_of(archive, comparison.number))
    return ClusterExplained(cluster, comparison, below, run)


def _clusters_of(archive: Archive, corpus: int) -> list[StoredCluster]:
    """In the order in which a run meets them."""
    found = [one for one in archive.clusters("") if one.corpus == corpus]
    return sorted(found, key=lambda one: one.number)
