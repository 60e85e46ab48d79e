"""Which corpora a gate counts: whole ones on this code and these rules, the latest of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from changeover.evidence.store.records import STORE, StoredCluster, StoredComparison
from changeover.evidence.tallies import SeamTally
from changeover.gate.inputs import GateInputs
from changeover.quick_dataclass import dataclass
from changeover.rollout.gate_criteria import CorpusCriteria
from changeover.values.gate_verdict import Answer, Criterion
from changeover.values.verdict import Verdict

Corpora = tuple[StoredComparison, ...]
NAMED_MAX = 5
_OPEN = (Verdict.DIVERGED, Verdict.WAIVED)
_ADDED = ("runs", "evidence", "waived", "unexplained", "unsafe", "not_compared", "vacuous")
_COMPARED = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED, Verdict.TOLERATED, Verdict.MATCH)


@dataclass(frozen=True, slots=True)
class SeamEvidence:
    """What one corpus shows about one seam, with today's waivers.

    runs = evidence + waived + unexplained + unsafe + not_compared + vacuous.
    """

    runs: int = 0
    evidence: int = 0
    waived: int = 0
    unexplained: int = 0
    unsafe: int = 0
    not_compared: int = 0
    vacuous: int = 0
    gave_up: bool = False

    @property
    def compared(self) -> int:
        """Runs that were compared."""
        return self.evidence + self.waived + self.unexplained + self.unsafe


def seam_evidence(corpus: StoredComparison, seam: str, is_waived: Callable[[str], bool]) -> SeamEvidence:
    """Count the runs of a seam with the waivers of today, which may differ from those of the comparison."""
    counts = corpus.seams.get(seam)
    if counts is None:
        return SeamEvidence()
    clusters = [one for one in corpus.clusters if one.seam == seam and not one.unsafe]
    open_runs = sum(one.runs for one in clusters if not is_waived(one.digest))
    left_out = bool(corpus.summary.clusters_left_out)
    unexplained = _unexplained(counts, clusters, open_runs, left_out=left_out)
    return SeamEvidence(
        runs=counts.runs,
        evidence=counts.of(Verdict.MATCH, Verdict.TOLERATED),
        waived=counts.of(*_OPEN) - unexplained,
        unexplained=unexplained,
        unsafe=counts.of(Verdict.UNSAFE),
        not_compared=counts.of(Verdict.FAILED, Verdict.UNPAIRED),
        vacuous=counts.of(Verdict.VACUOUS),
        gave_up=0 < counts.of(*_COMPARED) <= counts.gave_up,
    )


def _unexplained(counts: SeamTally, clusters: list[StoredCluster], open_runs: int, *, left_out: bool) -> int:
    """An upper bound of the runs with a cluster that is not waived.

    `open_runs` are those of all clusters that are not waived, added up. The store does not keep which
    clusters a run has, so every run that may be unexplained counts as such: all that diverged, where there
    were too many clusters and some are `left_out`.
    """
    if not clusters and not counts.of(Verdict.DIVERGED):
        return 0
    diverged = counts.of(*_OPEN)
    # What no kept cluster accounts for cannot have been waived.
    unaccounted = diverged - sum(one.runs for one in clusters)
    unnamed = counts.of(Verdict.DIVERGED) if left_out else 0
    return min(diverged, max(open_runs, unaccounted, unnamed))


@dataclass(frozen=True, slots=True)
class CountedCorpora:
    """The corpora of one gate: those its table asks for (`asked`), and the `latest` of every source.

    `still` are older ones with a difference that was not compared again since: they cannot pass a gate, but
    still fail it. `missing` are required sources without a corpus. `set_aside` do not count.
    """

    asked: Corpora
    latest: Corpora
    still: Corpora
    missing: tuple[str, ...]
    set_aside: Corpora


def count_corpora(inputs: GateInputs) -> CountedCorpora:
    """Sort the corpora of a phase into those that count, those that still count against it, and the rest.

    Stored runs that were replayed again count as production, and are no corpus.
    """
    criteria = inputs.gate.corpus or CorpusCriteria()
    seams = set(inputs.phase.seams)
    of_phase = [one for one in inputs.evidence.corpora if seams & set(one.seams) and one.source != STORE]
    today = [one for one in of_phase if inputs.is_today(one)]
    latest = latest_of_each(one for one in today if one.whole and not one.partial)
    asked = [one for one in latest if is_asked(one, criteria)]
    still = [
        one
        for one in not_done_again(today, seams)
        if one not in latest and compares_both(one) and _differs(phase_total((one,), inputs))
    ]
    kept = {one.number for one in (*latest, *still)}
    return CountedCorpora(
        tuple(asked),
        tuple(latest),
        tuple(still),
        tuple(source for source in criteria.sources if source not in {one.source for one in asked}),
        tuple(one for one in of_phase if one.number not in kept),
    )


def is_asked(corpus: StoredComparison, criteria: CorpusCriteria) -> bool:
    """Whether the table asks for this source and for the path that answered."""
    if criteria.sources and corpus.source not in criteria.sources:
        return False
    return criteria.answered_by in (None, str(corpus.answered_by))


def _arrangement(corpus: StoredComparison) -> tuple[object, ...]:
    """What must be equal before one comparison replaces another: source, answering path, seed, tape or not.

    With the other path answering, other seams are crossed; another seed gives other cases. If it could
    replace a comparison that failed, one would try seeds until one passes.
    """
    summary = corpus.summary
    return corpus.source, corpus.answered_by, summary.seed, summary.world


def latest_of_each(corpora: Iterable[StoredComparison]) -> list[StoredComparison]:
    """The evidence has the latest first. Against tapes and with copies, a source is one comparison.

    Of the latest of both kinds the one counts in which fewer runs failed: a copy answers what no tape can.
    What differs in the other one still counts, until that is done again.
    """
    found: dict[tuple[object, ...], StoredComparison] = {}
    for corpus in corpora:
        found.setdefault(_arrangement(corpus), corpus)
    best: dict[tuple[object, ...], StoredComparison] = {}
    for arrangement, corpus in found.items():
        known = best.setdefault(arrangement[:-1], corpus)
        if _failed(corpus) < _failed(known):
            best[arrangement[:-1]] = corpus
    return list(best.values())


def _failed(corpus: StoredComparison) -> int:
    return sum(tally.failed for tally in corpus.seams.values())


def not_done_again(corpora: Iterable[StoredComparison], seams: set[str]) -> Iterator[StoredComparison]:
    """Corpora with a seam that differed and that no later whole comparison like it compared again in full.

    A later comparison of one seam says nothing about the others, and a run that could not be compared, or a
    case that did not come to the seam this time, says nothing about what it showed before.
    """
    again: dict[tuple[object, ...], dict[str, int]] = {}
    for corpus in corpora:
        later = again.setdefault(_arrangement(corpus), {})
        differing = (name for name, counts in corpus.seams.items() if counts.of(Verdict.UNSAFE, *_OPEN))
        if any(later.get(name, 0) < corpus.seams[name].runs for name in differing if name in seams):
            yield corpus
        if corpus.whole and not corpus.partial:
            for name, counts in corpus.seams.items():
                if not counts.failed:
                    later[name] = max(counts.runs, later.get(name, 0))


def compares_both(corpus: StoredComparison) -> bool:
    """Whether it compared both paths, and not one with itself; it need not be whole."""
    return (corpus.whole and not corpus.partial) or corpus.summary.noise is False


def _differs(total: SeamEvidence) -> bool:
    return bool(total.unsafe or total.unexplained)


def phase_total(corpora: Iterable[StoredComparison], inputs: GateInputs) -> SeamEvidence:
    """The sum over all seams of the phase in these corpora."""
    parts = [
        seam_evidence(corpus, seam, inputs.is_waived) for corpus in corpora for seam in inputs.phase.seams
    ]
    total = {name: sum(getattr(part, name) for part in parts) for name in _ADDED}
    return SeamEvidence(**total, gave_up=any(part.gave_up for part in parts))


def at_most(
    name: str, most: int, number: int, runs: int, otherwise: Answer, do: str, detail: str = ""
) -> Criterion:
    """No more than so many of these runs; more give the answer `otherwise`."""
    answer = Answer.PASS if number <= most else otherwise
    return Criterion(
        name, answer, f"<= {most:,}" if most else "0", f"{number:,} of {runs:,} runs", do, detail
    )


def clusters_in(corpora: Iterable[StoredComparison], inputs: GateInputs) -> list[StoredCluster]:
    """The clusters of the seams of the phase in these corpora."""
    return [one for corpus in corpora for one in corpus.clusters if one.seam in inputs.phase.seams]


def name_clusters(clusters: Sequence[StoredCluster]) -> str:
    """Name the first of them."""
    return "; ".join(f"{one.digest[:6]} {one.seam} {one.place}" for one in clusters[:NAMED_MAX])


def why_not_compared(corpora: Iterable[StoredComparison], seams: Sequence[str]) -> str:
    """The first reasons why runs of these seams were not compared, and how many each; may be empty."""
    found = [one for corpus in corpora for one in corpus.summary.not_compared if one.seam in seams]
    return "; ".join(f"{one.runs:,} of {one.seam}: {one.reason}" for one in found[:NAMED_MAX])
