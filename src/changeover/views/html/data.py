"""What the page is made of: values only, gathered by `collect`, drawn by `page`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from changeover.evidence.store.records import KeptCluster, KeptCorpus, Review, SeamCounts
from changeover.rollout.history import HistoryEntry
from changeover.values.gate_verdict import GateVerdict
from changeover.values.stage import Setting
from changeover.values.verdict import Verdict

UNSAFE = "UNSAFE"
DIVERGED = "diverged"
INCONCLUSIVE = "inconclusive"
MATCH = "match"
_WORST_FIRST = (UNSAFE, DIVERGED, INCONCLUSIVE, MATCH)


@dataclass(frozen=True, slots=True)
class PhaseStanding:
    """One phase of the plan and its stage now."""

    number: int
    name: str
    title: str
    setting: Setting
    seams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedRun:
    """One run of the comparison as it is kept; `body` is None where only its verdict was.

    `period` is the label of the matrix column it belongs to.
    """

    name: str
    seam: str
    verdict: Verdict
    period: str = ""
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ReportData:
    """`code` and `rules` are digests of today; the comparison says which ones it was about.

    `others` are the latest comparisons of other sources. `runs` are what differed or could not be compared,
    `example` is the smallest run of the worst cluster. `problems` come before everything else on the page.
    `unavailable` says for a part of the page ("gates") why it is not there.
    """

    migration: str
    made_at: datetime
    code: str | None
    rules: str
    corpus: KeptCorpus
    others: tuple[KeptCorpus, ...] = ()
    phases: tuple[PhaseStanding, ...] = ()
    problems: tuple[str, ...] = ()
    example: NamedRun | None = None
    runs: tuple[NamedRun, ...] = ()
    gates: tuple[GateVerdict, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    blind_spots: tuple[Review, ...] = ()
    unavailable: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_stale(self) -> bool:
        """Whether the comparison is about other code or other rules than today's."""
        return (self.corpus.code, self.corpus.rules) != (self.code, self.rules)

    @property
    def unit(self) -> str:
        """What a case of the source is called, in the plural."""
        return str(self.corpus.summary.get("unit") or "cases")

    @property
    def cases(self) -> int:
        """How many cases were run."""
        return int(self.corpus.summary.get("cases") or 0)


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """runs = match + tolerated + waived + diverged + not_compared; `unsafe` are among the diverged."""

    runs: int
    match: int
    tolerated: int
    waived: int
    diverged: int
    unsafe: int
    not_compared: int

    @property
    def compared(self) -> int:
        """Runs that showed something."""
        return self.runs - self.not_compared


def counts_of(seams: Sequence[SeamCounts]) -> VerdictCounts:
    """The verdicts of some seams together."""

    def total(*verdicts: Verdict) -> int:
        return sum(seam.of(*verdicts) for seam in seams)

    return VerdictCounts(
        sum(seam.runs for seam in seams),
        total(Verdict.MATCH),
        total(Verdict.TOLERATED),
        total(Verdict.WAIVED),
        total(Verdict.DIVERGED, Verdict.UNSAFE),
        total(Verdict.UNSAFE),
        total(Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS),
    )


def word_of(corpus: KeptCorpus) -> str:
    """What a comparison showed, in one word; `match` only where every seam of it showed something."""
    total = counts_of(list(corpus.seams.values()))
    if total.unsafe:
        return UNSAFE
    if total.diverged:
        return DIVERGED
    return INCONCLUSIVE if why_inconclusive(corpus) else MATCH


def why_inconclusive(corpus: KeptCorpus) -> tuple[str, ...]:
    """Why nothing that differs is not the same as everything being alike; empty where it is."""
    reasons: list[str] = []
    total = counts_of(list(corpus.seams.values()))
    failed = sum(seam.of(Verdict.FAILED, Verdict.UNPAIRED) for seam in corpus.seams.values())
    silent = [name for name, seam in corpus.seams.items() if not seam.of(Verdict.MATCH, Verdict.TOLERATED)]
    dead = [name for name, seam in corpus.seams.items() if 0 < seam.gave_up == counts_of([seam]).compared]
    if not total.compared:
        reasons.append("no run was compared")
    elif failed:
        reasons.append(f"{failed:,} of {total.runs:,} runs could not be compared")
    if total.compared and silent:
        reasons.append(f"nothing was shown about {', '.join(silent)}")
    if dead:
        reasons.append(f"the reference did not run: every run of {', '.join(dead)} raised or gave nothing")
    if corpus.damaged:
        reasons.append(f"{len(corpus.damaged):,} damaged: {corpus.damaged[0]}")
    if not corpus.whole:
        reasons.append("the comparison did not come to its end")
    return tuple(reasons)


def worst_first(corpora: Sequence[KeptCorpus]) -> list[KeptCorpus]:
    """The comparison that says the worst comes first; of equals, the latest."""
    return sorted(corpora, key=lambda corpus: (_WORST_FIRST.index(word_of(corpus)), -corpus.number))


def in_meeting_order(corpus: KeptCorpus) -> list[KeptCluster]:
    """Clusters in the order in which a run meets them."""
    numbered = enumerate(corpus.clusters)
    return [one for _, one in sorted(numbered, key=lambda item: (item[1].body.get("number", 0), item[0]))]


def fallback_sentence(runs: int, of: int, unit: str, place: str) -> str:
    """What is said of a difference that no template knows."""
    return f"{runs:,} of {of:,} {unit} differ at {place}."
