"""What pages show of clusters and runs: a cluster with its examples, a run, some runs, and a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from changeover.api.live import Look
from changeover.compare.clusters import fingerprint_of
from changeover.evidence.store.browsing import EXAMPLES_MAX, Wanted
from changeover.evidence.store.records import StoredCluster, StoredRun
from changeover.evidence.store.summary import RuleUse
from changeover.gate.all_evidence import divergence_of
from changeover.gate.seen_clusters import SeenCluster
from changeover.values.verdict import Verdict
from changeover.views.live.data import ClusterExample, ClusterLook, Found, RunsListed, RunsWanted

RUNS_SHOWN_MAX = 50
FOUND_MAX = 50
ID_DIGITS_LEAST = 4
_HEXADECIMAL = frozenset("0123456789abcdef")


def clusters_named(look: Look, name: str) -> list[SeenCluster]:
    """The clusters whose digest begins so; one cluster may be known at several seams."""
    wanted = name.lower()
    if len(wanted) < ID_DIGITS_LEAST or not set(wanted) <= _HEXADECIMAL:
        return []
    return [one for one in look.clusters if one.digest.startswith(wanted)]


def cluster_look(look: Look, cluster: SeenCluster) -> ClusterLook:
    """One cluster with several examples: those of production, then those of comparisons."""
    groups = [group for group in look.state.evidence.groups if group.seam == cluster.seam]
    found = [_example(run, cluster.digest) for run in look.browser.examples(cluster.digest, groups)]
    kept = next(
        (
            (comparison, one)
            for comparison in look.state.evidence.corpora
            for one in comparison.clusters
            if one.digest == cluster.digest and one.seam == cluster.seam
        ),
        None,
    )
    if kept is not None:
        comparison, of_it = kept
        found += _kept_examples(look, of_it, comparison.number, comparison.source)
    examples = tuple(one for one in found if one is not None)[:EXAMPLES_MAX]
    if not cluster.place and examples:
        fingerprint = fingerprint_of(cluster.seam, examples[0].divergence)
        cluster = replace(cluster, place=fingerprint.place, kind=str(fingerprint.kind))
    return ClusterLook(cluster, examples, None if kept is None else kept[1])


def _example(run: StoredRun, digest: str) -> ClusterExample | None:
    divergence, sighting = divergence_of(run, digest)
    if divergence is None:
        return None
    name, contents = run.name or run.id, run.contents
    return ClusterExample(name, run.at, run.stage, run.population, divergence, sighting, contents, run.id)


def _kept_examples(
    look: Look, cluster: StoredCluster, corpus: int, source: str
) -> list[ClusterExample | None]:
    """The smallest, first and last run of a comparison, each once."""
    found: dict[str, ClusterExample] = {}
    for example in (cluster.smallest, cluster.first, cluster.last):
        if example is None or example.run in found:
            continue
        run = look.browser.run_of(corpus, example.run, cluster.seam)
        found[example.run] = ClusterExample(
            example.run,
            None if run is None else run.at,
            "" if run is None else run.stage,
            source,
            example.divergence,
            cluster.sighting,
            None if run is None else run.contents,
            "" if run is None else run.id,
        )
    return list(found.values())


def runs_listed(look: Look, wanted: RunsWanted, most: int = RUNS_SHOWN_MAX) -> RunsListed:
    """A page of the runs in production."""
    seams = _seams(look, wanted)
    if seams == ():
        return RunsListed(wanted, (), 0, None)
    verdicts = () if wanted.verdict is None else (wanted.verdict,)
    since = None if wanted.first is None else datetime.combine(wanted.first, time(), UTC)
    end = None if wanted.last is None else datetime.combine(wanted.last + timedelta(days=1), time(), UTC)
    whole = Wanted(seams or (), verdicts, wanted.cluster, since, end)
    groups = look.state.evidence.groups
    until = end if wanted.until is None else wanted.until if end is None else min(end, wanted.until)
    found = look.browser.latest(replace(whole, until=until), groups, most + 1)
    shown = tuple(found[:most])
    before = shown[-1].at if len(found) > most else None
    return RunsListed(wanted, shown, sum(group.runs for group in groups if whole.has(group)), before)


def _seams(look: Look, wanted: RunsWanted) -> tuple[str, ...] | None:
    """The seams that are asked for, None for all of them, none at all where there is no such phase."""
    phase = look.state.plan.phases.get(wanted.phase) if wanted.phase else None
    if wanted.phase and phase is None:
        return ()
    if wanted.seam:
        return (wanted.seam,) if phase is None or wanted.seam in phase.seams else ()
    return None if phase is None else phase.seams


def search(look: Look, text: str) -> Found:
    """Phases, seams, clusters, rules and moves that have this text, and runs whose name or id begins so."""
    wanted = " ".join(text.split())
    if not wanted:
        return Found("")
    lower = wanted.lower()

    def has(*texts: str | None) -> bool:
        return any(lower in one.lower() for one in texts if one)

    phases = look.state.plan.phases.values()
    seams = [seam for phase in phases for seam in phase.seams]
    clusters = [
        one for one in look.clusters if one.digest.startswith(lower) or has(one.place, one.seam, one.kind)
    ]
    rules = [rule.number for rule in look.rules[0].rules if has(rule.path.text, rule.reason, rule.seam)]
    moves = [one for one in reversed(look.state.history) if has(one.who, one.reason, one.phase)]
    return Found(
        wanted,
        tuple(phase.name for phase in phases if has(phase.name, phase.title)),
        tuple(seam for seam in seams if has(seam)),
        tuple(clusters[:FOUND_MAX]),
        tuple(look.browser.beginning_with(wanted)),
        tuple(rules[:FOUND_MAX]),
        tuple(moves[:FOUND_MAX]),
    )


def runs_of_case(look: Look, name: str) -> Sequence[StoredRun]:
    """Every passage of a case through a seam, or the run of an identifier, the worst first."""
    run = look.browser.run(name)
    found = look.browser.case(name) if run is None else [run]
    return sorted(found, key=lambda one: one.verdict.severity)


def rule_uses(look: Look) -> dict[str, tuple[RuleUse, ...]]:
    """By source what the rules of today accepted in its latest comparison."""
    told: dict[str, tuple[RuleUse, ...]] = {}
    for comparison in look.state.evidence.corpora:  # the latest first
        if comparison.rules == look.state.rules and comparison.summary.rules is not None:
            told.setdefault(comparison.source, comparison.summary.rules)
    return told


def tolerated_today(look: Look) -> int:
    """How many runs in production on today's code were alike only by a rule."""
    state = look.state
    groups = [
        one for one in state.evidence.groups if state.is_today(one) and one.verdict is Verdict.TOLERATED
    ]
    return sum(group.runs for group in groups)
