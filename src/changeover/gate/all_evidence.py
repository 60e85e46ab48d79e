"""Everything that is known on today's code, as comparisons: production, and what was compared.

A comparison that was killed kept its runs and no clusters, and production has no clusters of its own: they
are made here from the runs. So one difference is told alike on every screen, wherever it was met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

from changeover.compare.clusters import Example, fingerprint_of
from changeover.compare.provenance import Sighting
from changeover.evidence.cluster_examples import divergences_of
from changeover.evidence.reasons_not_compared import REASONS_KEPT_MAX
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.production import DIFFERING, OTHER_CODE, SAME, Met
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.rows_of_runs import LEFT_OUT
from changeover.evidence.store.summary import ReasonCount, Summary
from changeover.evidence.tallies import SeamTally
from changeover.gate.corpus_selection import compares_both, latest_of_each, not_done_again
from changeover.gate.inputs import ProjectState
from changeover.gate.production import inputs_of, verdict_today
from changeover.quick_dataclass import dataclass
from changeover.settings import PRODUCTION
from changeover.values.divergence import Divergence
from changeover.values.verdict import Verdict

CLUSTERS_MAX = 100
RUNS_READ_MAX = 500
_DIFFER = (Verdict.UNSAFE, Verdict.DIVERGED)


def evidence_of_today(state: ProjectState, archive: Archive) -> list[StoredComparison]:
    """What speaks about today's code, the latest first and production before all others.

    Of comparisons these are the latest whole ones, and those with a difference that was not compared again.
    """
    today = [one for one in state.evidence.corpora if state.is_today(one)]
    latest = latest_of_each(one for one in today if one.whole and not one.partial)
    seams = {seam for one in today for seam in one.seams}
    open_ = [one for one in not_done_again(today, seams) if compares_both(one) and _differs(one)]
    kept = {one.number for one in (*latest, *open_)}
    production = production_comparison(state, archive)
    compared = [with_clusters(one, archive) for one in today if one.number in kept]
    return [*([] if production is None else [production]), *compared]


def _differs(one: StoredComparison) -> bool:
    return any(tally.of(*_DIFFER) for tally in one.seams.values())


def production_comparison(state: ProjectState, archive: Archive) -> StoredComparison | None:
    """The runs in production on today's code as one comparison, with today's waivers; None without any."""
    groups = [group for group in state.evidence.groups if state.is_today(group)]
    if not groups:
        return None
    seams: dict[str, SeamTally] = {}
    for group in groups:
        tally = seams.get(group.seam)
        if tally is None:
            tally = seams[group.seam] = SeamTally(group.seam, group.phase)
        verdict = verdict_today(group, state)
        tally.verdicts[verdict] = tally.verdicts.get(verdict, 0) + group.runs
        tally.gave_up += group.runs * group.gave_up
    differing: list[StoredRun] = []
    if any(tally.of(*_DIFFER) for tally in seams.values()):
        found = archive.in_production(state.code, state.rules, DIFFERING)
        differing = [run for run in found if verdict_today(run, state) in _DIFFER]
    failed: list[StoredRun] = []
    if any(tally.failed for tally in seams.values()):
        failed = archive.in_production(state.code, state.rules, (Verdict.FAILED,))
    inputs = [inputs_of(state, seam, SAME | Met.VACUOUS, lambda _: True, unknown_too=False) for seam in seams]
    diverged = [
        inputs_of(
            state, seam, Met(0), lambda one: verdict_today(one, state) in _DIFFER, unknown_too=False
        ).diverged
        for seam in seams
    ]
    latest = max(groups, key=lambda group: group.last)
    first, last = (f"{moment:%Y-%m-%d}" for moment in (min(group.first for group in groups), latest.last))
    return StoredComparison(
        0,
        latest.last,
        PRODUCTION,
        PRODUCTION,
        state.code,
        state.rules,
        whole=True,
        answered_by=latest.answered_by,
        seams=seams,
        distinct_worlds=sum(one.seen for one in inputs),
        distinct_diverged=sum(diverged),
        clusters=tuple(clusters_of(differing, seams, archive)),
        summary=Summary(
            cases=sum(group.runs for group in groups),
            unit="runs",
            first=first,
            last=last,
            not_compared=tuple(_reasons([one for one in failed if one.reason != OTHER_CODE])),
        ),
    )


def _reasons(failed: Sequence[StoredRun]) -> list[ReasonCount]:
    """Why these runs were not compared, the most frequent reason first, each with its latest run."""
    alike: dict[tuple[str, str], list[StoredRun]] = {}
    for run in failed:
        alike.setdefault((run.seam, run.reason or ""), []).append(run)
    found = [ReasonCount(seam, why, len(runs), runs[0].name) for (seam, why), runs in alike.items()]
    return sorted(found, key=lambda one: -one.runs)[:REASONS_KEPT_MAX]


def with_clusters(comparison: StoredComparison, archive: Archive) -> StoredComparison:
    """The comparison, with clusters made from its runs where it was killed before it had any."""
    if comparison.clusters or not _differs(comparison):
        return comparison
    runs = archive.runs_of(comparison.number, _DIFFER, RUNS_READ_MAX)
    clusters = tuple(clusters_of(runs, comparison.seams, archive))
    return replace(comparison, clusters=tuple(replace(one, corpus=comparison.number) for one in clusters))


@dataclass(slots=True)
class _Met:
    """One finding: its runs, the latest first."""

    runs: list[StoredRun] = field(default_factory=list)


def clusters_of(
    runs: Sequence[StoredRun], seams: Mapping[str, SeamTally], archive: Archive
) -> Iterable[StoredCluster]:
    """The clusters of these runs, those of effects first; of which no run is kept whole, there is none."""
    known = {run.id: run for run in archive.whole_runs(_worth_reading(runs))}
    found: dict[tuple[str, str], _Met] = {}
    for run in runs:
        whole = known.get(run.id)
        names = [one for one in run.clusters if one != LEFT_OUT] or ([] if whole is None else _names(whole))
        for digest in names:
            if (run.seam, digest) in found or len(found) < CLUSTERS_MAX:
                found.setdefault((run.seam, digest), _Met()).runs.append(run)
    made = []
    for (seam, digest), met in found.items():
        examples = [known[run.id] for run in met.runs if run.id in known]
        told = [(run, *divergence_of(run, digest)) for run in examples]
        whole_ones = [(run, found_, sighting) for run, found_, sighting in told if found_ is not None]
        if whole_ones:
            made.append(_cluster(seam, digest, met, whole_ones, seams))
    made.sort(key=lambda one: not one.unsafe)
    return [replace(one, number=number) for number, one in enumerate(made)]


def _worth_reading(runs: Sequence[StoredRun]) -> list[str]:
    """The first and the last run of each finding, and all that do not say what they found."""
    wanted: dict[str, None] = {}
    seen: dict[tuple[str, str], str] = {}
    for run in runs:
        if not run.clusters and len(wanted) < RUNS_READ_MAX:
            wanted[run.id] = None
        for digest in run.clusters:
            if (run.seam, digest) not in seen and len(wanted) < RUNS_READ_MAX:
                wanted[run.id] = None
            seen[run.seam, digest] = run.id
    return [*wanted, *(one for one in list(seen.values())[:CLUSTERS_MAX] if one not in wanted)]


def _names(run: StoredRun) -> list[str]:
    contents = run.contents
    if contents is None:
        return []
    return list(dict.fromkeys(fingerprint_of(run.seam, one).digest for one in contents.divergences))


def divergence_of(run: StoredRun, digest: str) -> tuple[Divergence | None, Sighting | None]:
    """The first divergence of that name."""
    contents = run.contents
    found = [] if contents is None else divergences_of(run, contents, digest)
    return found[0] if found else (None, None)


def _size(run: StoredRun) -> int:
    """How much there is to read of a run: calls and differences, whatever their texts."""
    contents = run.contents
    if contents is None:
        return 0
    sides = [side for side in (contents.legacy, contents.candidate) if side is not None]
    return len(contents.divergences) + sum(len(side.effects) + len(side.reads) for side in sides)


def _cluster(
    seam: str,
    digest: str,
    met: _Met,
    told: list[tuple[StoredRun, Divergence, Sighting | None]],
    tallies: Mapping[str, SeamTally],
) -> StoredCluster:
    run, divergence, sighting = told[0]
    fingerprint = fingerprint_of(seam, divergence)
    examples = [Example(one.name or one.id, found, None, _size(one)) for one, found, _ in told]
    return StoredCluster(
        digest,
        seam,
        fingerprint.place,
        fingerprint.kind,
        fingerprint.pattern,
        divergence.is_unsafe or digest in run.unsafe,
        len(met.runs),
        state="open",
        occurrences=len(met.runs),
        reachable=tallies[seam].compared if seam in tallies else len(met.runs),
        first=examples[-1],
        last=examples[0],
        smallest=min(examples, key=lambda one: one.size),
        sighting=sighting,
        answered_by=run.answered_by,
    )
