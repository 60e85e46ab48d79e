"""What comparisons say of one seam, or of the seams of one phase."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from changeover.errors import ConfigurationError
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.gate.inputs import DECLARE_SOURCE, ProjectState
from changeover.settings import PRODUCTION
from changeover.values.verdict import Verdict


def seams_named(name: str, state: ProjectState | None, kept: Iterable[StoredComparison]) -> frozenset[str]:
    """The seams of a phase of that name, or the seam; empty where it is neither."""
    phases = {} if state is None else {one: set(phase.seams) for one, phase in state.plan.phases.items()}
    if phases.get(name):
        return frozenset(phases[name])
    known = {seam for one in kept for seam in one.seams}.union(*phases.values())
    return frozenset({name} & known)


def of_seams(comparison: StoredComparison, seams: frozenset[str]) -> StoredComparison:
    """The same comparison, as if it had looked at these seams alone."""
    reasons = tuple(one for one in comparison.summary.not_compared if one.seam in seams)
    return replace(
        comparison,
        seams={seam: tally for seam, tally in comparison.seams.items() if seam in seams and tally.runs},
        clusters=tuple(clusters_of_seams(comparison.clusters, seams)),
        summary=replace(comparison.summary, not_compared=reasons),
    )


def clusters_of_seams(clusters: Iterable[StoredCluster], seams: frozenset[str]) -> list[StoredCluster]:
    """Theirs; one that stands below a cluster of another seam is a head here."""
    theirs = [one for one in clusters if one.seam in seams]
    heads = {one.id for one in theirs}
    return [one if one.root in heads else replace(one, root=None) for one in theirs]


def last_run(archive: Archive, comparison: StoredComparison, seams: frozenset[str]) -> StoredRun | None:
    """The last run at one of the seams that is kept of a comparison, or of production."""
    if comparison.source == PRODUCTION:
        runs = archive.of_production(_RUNS_MAX)[::-1]
    else:
        runs = archive.runs_of(comparison.number, tuple(Verdict), _RUNS_MAX)
    return next((run for run in reversed(runs) if run.seam in seams), None)


def nothing_of(name: str, state: ProjectState | None) -> ConfigurationError:
    """Of a seam or phase no run is kept."""
    command = f"changeover compare {name}" if state is None or state.has_source else DECLARE_SOURCE
    wrong = ConfigurationError(name, f"was not compared yet, and has no run in production: {command}")
    wrong.do = command
    return wrong


_RUNS_MAX = 1_000
