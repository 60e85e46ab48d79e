"""What the page is made of: values only, gathered by `collect`, drawn by `page`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from changeover.evidence.cluster_examples import ClusterExamples, kept_examples
from changeover.evidence.last_report import Changes, Standing
from changeover.evidence.store.records import Review, StoredCluster, StoredComparison, StoredRun
from changeover.evidence.suggested_rule import NoRule, SuggestedRule
from changeover.evidence.tallies import SeamTally, total_of
from changeover.evidence.timeline import quarter_of
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.settings import PRODUCTION
from changeover.values.gate_verdict import GateVerdict
from changeover.values.stage import Setting
from changeover.views.html.strip import Strip

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
class ReportData:
    """`code` and `rules` are digests of today; the comparison says which ones it was about.

    `others` are the latest comparisons of other sources. `runs` are what differed or could not be compared,
    `example` is the smallest run of the worst cluster. `problems` come before everything else on the page.
    `unavailable` says for a part of the page ("gates") why it is not there. `examples` are by seam and
    digest, `offers` too: rules that would accept a cluster. `strip` is None where nothing ran in production
    and nothing was moved. `standing` is what the next report compares itself with, `changes` is what came of
    the last one's; None without one.
    """

    migration: str
    made_at: datetime
    code: str | None
    rules: str
    corpus: StoredComparison
    others: tuple[StoredComparison, ...] = ()
    phases: tuple[PhaseStanding, ...] = ()
    problems: tuple[str, ...] = ()
    example: StoredRun | None = None
    runs: tuple[StoredRun, ...] = ()
    gates: tuple[GateVerdict, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    blind_spots: tuple[Review, ...] = ()
    unavailable: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[tuple[str, str], ClusterExamples] = field(default_factory=dict)
    offers: Mapping[tuple[str, str], SuggestedRule | NoRule] = field(default_factory=dict)
    strip: Strip | None = None
    standing: Standing | None = None
    changes: Changes | None = None

    @property
    def sources(self) -> tuple[StoredComparison, ...]:
        """Everything that speaks about today's code: what the page is about, and what stands beside it."""
        mine = (self.code, self.rules)
        return (self.corpus, *(one for one in self.others if (one.code, one.rules) == mine))

    @property
    def is_stale(self) -> bool:
        """Whether the comparison is about other code or other rules than today's."""
        return (self.corpus.code, self.corpus.rules) != (self.code, self.rules)

    def examples_of(self, cluster: StoredCluster) -> ClusterExamples:
        """Several runs of a cluster, the smallest first."""
        return self.examples.get((cluster.seam, cluster.digest)) or kept_examples(cluster)

    @property
    def total(self) -> SeamTally:
        """The verdicts of all seams together."""
        return total_of(self.corpus.seams.values())


def period_of(run: StoredRun) -> str:
    """The label of the quarter that a run's case is named after, empty where it is not named after a day."""
    quarter = quarter_of(run.name.partition("/")[2] or run.name)
    return "" if quarter is None else quarter.text


def word_of(corpus: StoredComparison) -> str:
    """What a comparison showed, in one word; `match` only where every seam of it showed something."""
    total = total_of(corpus.seams.values())
    if total.unsafe:
        return UNSAFE
    if total.diverged:
        return DIVERGED
    return INCONCLUSIVE if why_inconclusive(corpus) else MATCH


def why_inconclusive(corpus: StoredComparison) -> tuple[str, ...]:
    """Why nothing that differs is not the same as everything being alike; empty where it is."""
    reasons: list[str] = []
    total = total_of(corpus.seams.values())
    silent = [name for name, seam in corpus.seams.items() if not seam.alike]
    dead = [name for name, seam in corpus.seams.items() if seam.reference_gave_up]
    if not total.compared:
        reasons.append("no run was compared")
    elif total.failed:
        reasons.append(f"{total.failed:,} of {total.runs:,} runs could not be compared")
    if total.compared and silent:
        reasons.append(f"nothing was shown about {', '.join(silent)}")
    if dead:
        reasons.append(f"the reference did not run: every run of {', '.join(dead)} raised or gave nothing")
    if corpus.damaged:
        reasons.append(f"{len(corpus.damaged):,} damaged: {corpus.damaged[0]}")
    if not corpus.whole:
        reasons.append("the comparison did not come to its end")
    return tuple(reasons)


def worst_first(corpora: Sequence[StoredComparison]) -> list[StoredComparison]:
    """The worst comes first; of equals production, where it differs, then the latest comparison."""

    def badness(corpus: StoredComparison) -> tuple[int, bool, int]:
        word = word_of(corpus)
        differs = word in (UNSAFE, DIVERGED)
        return _WORST_FIRST.index(word), corpus.source != PRODUCTION or not differs, -corpus.number

    return sorted(corpora, key=badness)
