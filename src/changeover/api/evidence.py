"""What was found: `explain` a cluster or a run, `waive` a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from changeover.api.seam_evidence import clusters_of_seams, last_run, nothing_of, of_seams, seams_named
from changeover.compare.clusters import ID_DIGITS
from changeover.errors import ConfigurationError
from changeover.evidence.cluster_examples import ClusterExamples, differing_runs, gather_examples
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.run_contents import RunContents
from changeover.evidence.store.store import store_path
from changeover.evidence.suggested_rule import NoRule, SuggestedRule, rules_text, suggested_rule
from changeover.gate.all_evidence import evidence_of_today
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.redaction.redactor import Redactor
from changeover.rollout.migration_files import exclusive
from changeover.rollout.plan_file import redact_paths_of
from changeover.rollout.waivers import Waiver, add_waiver, load_waivers, today_utc, why_not_until
from changeover.settings import WAIVERS_FILE
from changeover.views.html.collect import chosen
from changeover.views.html.data import DIVERGED, UNSAFE, word_of, worst_first
from changeover.views.text.explain import below_of

_HEXADECIMAL = frozenset("0123456789abcdef")
NAMES_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class LatestExplained:
    """What says the worst about today's code, else the latest comparison, and its clusters in their order.

    `others` is what else differs, or could not be compared, on today's code, the worst first; production
    stands before comparisons. Why runs were not compared stands in the `summary` of each.
    `is_stale` says that nothing is known about today's code: the comparison is about other code or rules.
    `seams` are the only ones that it is about, where some were named, and `last_run` is one of theirs.
    """

    comparison: StoredComparison
    clusters: list[StoredCluster]
    others: tuple[StoredComparison, ...] = ()
    is_stale: bool = False
    seams: frozenset[str] = frozenset()
    last_run: StoredRun | None = None


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """One source on today's code: in how many of its runs the cluster is; `word` is what it shows in all."""

    source: str
    at: datetime
    runs: int
    found_in: int
    word: str


@dataclass(frozen=True, slots=True)
class ClusterExplained:
    """One cluster, the comparison that found it last, its smallest run, and the clusters `below` it.

    A cluster is below another one where it only appears in runs that have the other one too. `examples` are
    several of its runs, the smallest first; `offer` is a rule that would accept it, or why there is none.
    `sources` is everything that speaks about today's code: production beside comparisons.
    """

    cluster: StoredCluster
    comparison: StoredComparison
    below: list[StoredCluster]
    run: RunContents | None
    examples: ClusterExamples
    offer: SuggestedRule | NoRule
    sources: tuple[SourceStanding, ...] = ()


@dataclass(frozen=True, slots=True)
class RunsExplained:
    """The runs of one case, or the run of an id."""

    runs: list[StoredRun]


Explanation = LatestExplained | ClusterExplained | RunsExplained


def explain(name: str | None = None, *, project: str | Path | Project = ".") -> Explanation:
    """What differs, where, both values, in how many runs, and how to reproduce it.

    Args:
        name: any unambiguous beginning of a cluster's identifier, a run as SOURCE/CASE, a seam or a phase:
            then all its clusters. Unless given, all clusters of production, or of the comparison, that says
            the worst about today's code.
        project: a folder of the project, or the project.

    Raises:
        NothingComparedError: nothing was compared yet.
        ConfigurationError: nothing of this name is kept, or the store cannot be read.

    Example:
        found = changeover.explain("09ad52")
    """
    found = open_project(project)
    archive = Archive(store_path(found.root))
    corpora = {corpus.number: corpus for corpus in archive.corpora()}
    state = _state_of(found)
    today = _evidence_today(state, archive)
    if name is None:
        return _worst(state, archive, list(corpora.values()), today)
    cluster = cluster_named(archive, name)
    if cluster is None:
        made = made_cluster(today, name)
        if made is None:
            seams = seams_named(name, state, [*today, *corpora.values()])
            if seams:
                return _worst_of_seams(name, seams, state, archive, list(corpora.values()), today)
            return RunsExplained(runs_named(archive, name))
        cluster, comparison = made
        return _explained(found, archive, cluster, comparison, [], today)
    below = below_of(cluster, _clusters_of(archive, cluster.corpus))
    return _explained(found, archive, cluster, corpora[cluster.corpus], below, today)


def _explained(
    project: Project,
    archive: Archive,
    cluster: StoredCluster,
    comparison: StoredComparison,
    below: list[StoredCluster],
    today: list[StoredComparison],
) -> ClusterExplained:
    runs = [] if cluster.smallest is None else archive.runs(cluster.smallest.run)
    run = next((run.contents for run in runs if run.seam == cluster.seam and run.body), None)
    examples = _examples(archive, cluster, comparison)
    offer = suggested_rule(cluster, examples, rules_text(project.directory), date.today())
    return ClusterExplained(
        cluster, comparison, below, run, examples, offer, tuple(_standings(cluster, archive, today))
    )


def _standings(
    cluster: StoredCluster, archive: Archive, today: list[StoredComparison]
) -> Iterator[SourceStanding]:
    """Production first, as `today` has it."""
    for one in today:
        tally = one.seams.get(cluster.seam)
        if tally is not None:
            there = [found.runs for found in one.clusters if found.digest == cluster.digest]
            if not there and one.number:
                there = [
                    found.runs
                    for found in _clusters_of(archive, one.number)
                    if found.digest == cluster.digest
                ]
            yield SourceStanding(one.source, one.at, tally.runs, sum(there), word_of(one))


def _examples(archive: Archive, cluster: StoredCluster, comparison: StoredComparison) -> ClusterExamples:
    runs = differing_runs(archive, comparison.number, comparison.code, comparison.rules)
    return gather_examples([cluster], runs, archive)[cluster.seam, cluster.digest]


def _worst(
    state: ProjectState | None,
    archive: Archive,
    corpora: list[StoredComparison],
    today: list[StoredComparison],
) -> LatestExplained:
    """The same comparison that the page of `report` is about."""
    shown = chosen(corpora, (), today)
    clusters = _clusters_of(archive, shown.number) if shown.number else []
    told = [one for one in today if word_of(one) in (UNSAFE, DIVERGED) or one.summary.not_compared]
    others = tuple(one for one in worst_first(told) if one is not shown)
    return LatestExplained(
        shown, clusters or list(shown.clusters), others, state is not None and not state.is_today(shown)
    )


def _worst_of_seams(
    name: str,
    seams: frozenset[str],
    state: ProjectState | None,
    archive: Archive,
    corpora: list[StoredComparison],
    today: list[StoredComparison],
) -> LatestExplained:
    """What says the worst about them."""
    theirs = [
        [narrowed for narrowed in (of_seams(one, seams) for one in kept) if narrowed.seams]
        for kept in (corpora, today)
    ]
    if not any(theirs):
        raise nothing_of(name, state)
    found = _worst(state, archive, *theirs)
    clusters = clusters_of_seams(found.clusters, seams)
    run = None if clusters else last_run(archive, found.comparison, seams)
    return replace(found, clusters=clusters, seams=seams, last_run=run)


def _state_of(project: Project) -> ProjectState | None:
    """None where there is no plan, or none that can be read: then nothing says what today's code is."""
    try:
        return read_project_state(project)
    except ConfigurationError:
        return None


def _evidence_today(state: ProjectState | None, archive: Archive) -> list[StoredComparison]:
    return [] if state is None else evidence_of_today(state, archive)


def made_cluster(today: list[StoredComparison], name: str) -> tuple[StoredCluster, StoredComparison] | None:
    """A cluster of production, or of a comparison that was killed, and where it was met; None for none."""
    if len(name) < 2 or not set(name.lower()) <= _HEXADECIMAL:
        return None
    found = [(one, of) for of in today for one in of.clusters if one.digest.startswith(name.lower())]
    return found[0] if len({one.digest for one, _ in found}) == 1 else None


def cluster_named(archive: Archive, name: str) -> StoredCluster | None:
    """The one cluster whose identifier begins so, None for none; raises ConfigurationError for several."""
    found = archive.clusters(name.lower()) if name and set(name.lower()) <= _HEXADECIMAL else []
    if len(found) > 1:
        known = ", ".join(one.digest[: len(name) + 4] for one in found[:NAMES_SHOWN_MAX])
        raise ConfigurationError(name, f"begins {len(found)} clusters, allowed: a longer beginning: {known}")
    return found[0] if found else None


def runs_named(archive: Archive, name: str) -> list[StoredRun]:
    """The runs of a case, or of an id, at least one; raises ConfigurationError for none."""
    runs = archive.runs(name) if name else []
    if not runs:
        problem = "is no cluster, run, seam or phase of which anything is kept; runs under pytest are not"
        wrong = ConfigurationError(name, problem)
        wrong.do = "changeover explain"
        raise wrong
    return runs


def _clusters_of(archive: Archive, corpus: int) -> list[StoredCluster]:
    """In the order in which a run meets them."""
    found = [one for one in archive.clusters("") if one.corpus == corpus]
    return sorted(found, key=lambda one: one.number)


@dataclass(frozen=True, slots=True)
class WaivedCluster:
    """The entry of waivers.toml, and the cluster that it speaks of as it is kept."""

    waiver: Waiver
    cluster: StoredCluster
    file: Path
    is_written: bool


def waive(
    cluster: str,
    *,
    owner: str,
    until: str | date,
    reason: str,
    dry_run: bool = False,
    project: str | Path | Project = ".",
) -> WaivedCluster:
    """Accept a difference for now. It shows nothing from then on, and after that day its gate fails.

    Args:
        cluster: any unambiguous beginning of its identifier.
        owner: who answers for it.
        until: the last day it holds.
        reason: why it may be, for now.
        dry_run: check everything and write nothing.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: no such cluster, one with an effect that differs, or an argument is wrong.

    Example:
        changeover.waive("e41b7c", owner="kim", until="2027-01-31", reason="legacy rounds twice")
    """
    found = open_project(project)
    today, path = today_utc(), found.directory / WAIVERS_FILE
    archive = Archive(store_path(found.root))
    kept = cluster_named(archive, cluster)
    if kept is None:
        made = made_cluster(_evidence_today(_state_of(found), archive), cluster)
        kept = None if made is None else made[0]
    if kept is None:
        raise ConfigurationError(cluster, "is no cluster that is kept: changeover explain lists them")
    if kept.unsafe:
        raise ConfigurationError(
            cluster, "cannot be waived: an effect differs, or may happen a second time, allowed: mend it"
        )
    texts = Redactor.for_project(redact_paths_of(found.plan()), found.root)
    waiver = Waiver(
        _telling_beginning(archive, kept.digest, len(cluster)),
        texts.text(_filled("--owner", owner)),
        texts.text(_filled("--reason", reason)),
        _day(until, today),
    )
    if dry_run:
        load_waivers(path, today)
    else:
        found.directory.mkdir(parents=True, exist_ok=True)
        with exclusive(found.directory):
            add_waiver(path, waiver, today)
    return WaivedCluster(waiver, kept, path, not dry_run)


def _telling_beginning(archive: Archive, digest: str, digits: int) -> str:
    """As much of a digest as tells it from all others that are kept, and at least so many digits."""
    digits = max(ID_DIGITS, digits)
    while digits < len(digest) and len(archive.clusters(digest[:digits])) > 1:
        digits += 1
    return digest[:digits]


def _filled(option: str, text: str) -> str:
    if not text.strip():
        raise ConfigurationError(option, "was empty, needed: a text")
    return " ".join(text.split())


def _day(given: str | date, today: date) -> date:
    try:
        until = given if isinstance(given, date) else date.fromisoformat(given)
    except ValueError:
        raise ConfigurationError("--until", f"was {given!r}, allowed: a day, such as {today}") from None
    past = f"was {until}, allowed: today, {today}, or later" if until < today else None
    problem = past or why_not_until(until, today)
    if problem is not None:
        raise ConfigurationError("--until", problem)
    return until
