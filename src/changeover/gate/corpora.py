"""The corpora that a gate counts: whole, on this code and these rules, the latest of each source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from changeover.compare.verdict import Verdict
from changeover.evidence.kept import KeptCluster, KeptCorpus, SeamCounts
from changeover.gate.dossier import Dossier
from changeover.plan.criteria import CorpusCriteria

RENEWAL = "store"
"""Stored runs of production replayed again: they count as production, and are no corpus."""
_OPEN = (Verdict.DIVERGED, Verdict.WAIVED)
_ADDED = ("runs", "evidence", "waived", "unexplained", "unsafe", "not_compared", "vacuous")
_COMPARED = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED, Verdict.TOLERATED, Verdict.MATCH)


@dataclass(frozen=True, slots=True)
class SeamShown:
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
        """Runs of which something is known."""
        return self.evidence + self.waived + self.unexplained + self.unsafe


def shown(corpus: KeptCorpus, seam: str, is_waived: Callable[[str], bool]) -> SeamShown:
    """The counts of a seam, waivers asked anew: those that held when it was compared may be gone."""
    counts = corpus.seams.get(seam)
    if counts is None:
        return SeamShown()
    clusters = [one for one in corpus.clusters if one.seam == seam and not one.unsafe]
    diverged = counts.of(*_OPEN)
    unexplained = _unexplained(diverged, counts, clusters, is_waived)
    return SeamShown(
        runs=counts.runs,
        evidence=counts.of(Verdict.MATCH, Verdict.TOLERATED),
        waived=diverged - unexplained,
        unexplained=unexplained,
        unsafe=counts.of(Verdict.UNSAFE),
        not_compared=counts.of(Verdict.FAILED, Verdict.UNPAIRED),
        vacuous=counts.of(Verdict.VACUOUS),
        gave_up=0 < counts.of(*_COMPARED) <= counts.gave_up,
    )


def _unexplained(
    diverged: int, counts: SeamCounts, clusters: list[KeptCluster], is_waived: Callable[[str], bool]
) -> int:
    """At most how many of the runs that differ have a cluster that nobody has waived.

    Which clusters a run has is not kept, so that every run is taken for unexplained which may be.
    """
    if not clusters and not counts.of(Verdict.DIVERGED):
        return 0
    open_runs = sum(one.runs for one in clusters if not is_waived(one.digest))
    # What no kept cluster accounts for cannot have been waived.
    unaccounted = diverged - sum(one.runs for one in clusters)
    return min(diverged, max(open_runs, unaccounted))


@dataclass(frozen=True, slots=True)
class Counted:
    """The corpora of one gate: `asked` for by its table, and the `latest` of every source, asked for or not.

    `missing` are required sources without one; `set_aside` those of this phase that do not count.
    """

    asked: tuple[KeptCorpus, ...]
    latest: tuple[KeptCorpus, ...]
    missing: tuple[str, ...]
    set_aside: tuple[KeptCorpus, ...]


def counted(dossier: Dossier) -> Counted:
    """The latest whole corpus of each source on this code and these rules, and what is left aside."""
    criteria = dossier.gate.corpus or CorpusCriteria()
    seams = set(dossier.phase.seams)
    of_phase = [one for one in dossier.evidence.corpora if seams & set(one.seams) and one.source != RENEWAL]
    usable = [one for one in of_phase if one.whole and not one.partial and dossier.is_today(one)]
    wanted = [one for one in usable if criteria.answered_by in (None, str(one.answered_by))]
    asked = [one for one in _latest_of_each(wanted) if not criteria.sources or one.source in criteria.sources]
    latest = _latest_of_each(usable)
    kept = {one.number for one in (*asked, *latest)}
    return Counted(
        tuple(asked),
        tuple(latest),
        tuple(source for source in criteria.sources if source not in {one.source for one in asked}),
        tuple(one for one in of_phase if one.number not in kept),
    )


def _latest_of_each(corpora: Iterable[KeptCorpus]) -> list[KeptCorpus]:
    """The evidence has the latest first."""
    found: dict[str, KeptCorpus] = {}
    for corpus in corpora:
        found.setdefault(corpus.source, corpus)
    return list(found.values())


def phase_total(corpora: Iterable[KeptCorpus], dossier: Dossier) -> SeamShown:
    """All seams of the phase in these corpora together."""
    parts = [shown(corpus, seam, dossier.is_waived) for corpus in corpora for seam in dossier.phase.seams]
    total = {name: sum(getattr(part, name) for part in parts) for name in _ADDED}
    return SeamShown(**total, gave_up=any(part.gave_up for part in parts))
