"""What a comparison says about each seam, for people and servers that read no screen."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from changeover.compare.clusters import Cluster
from changeover.evidence.comparison_info import ComparisonInfo, Stopped
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.reasons_not_compared import NotCompared
from changeover.evidence.tallies import SeamTally
from changeover.quick_dataclass import dataclass
from changeover.values.gate_verdict import Answer, worst
from changeover.values.observation import PortCall, Side
from changeover.values.safe_text import pasted, visible
from changeover.values.source_line import SourceLines
from changeover.values.value_text import type_of
from changeover.views.layout import call_text, plural
from changeover.views.text.differences import error_text
from changeover.views.text.two_texts import both_sides

WAIVED, UNSAFE, DIVERGED = "waived", "UNSAFE", "diverged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cluster: `state` is UNSAFE, diverged or waived; `lines` are files of the project where known."""

    cluster: Cluster
    state: str
    lines: SourceLines

    @property
    def is_open(self) -> bool:
        """Whether nothing accepts it."""
        return self.state != WAIVED

    @property
    def place(self) -> str:
        """The line to look at: the candidate's, as it is the new one."""
        return self.lines.candidate or self.lines.legacy or ""

    def values(self, width: int) -> tuple[str, str]:
        """Legacy's value and the candidate's in the smallest run; of alike texts the types as well."""
        found = self.cluster.smallest.divergence
        legacy, candidate = error_text(found.legacy), error_text(found.candidate)
        one, other = both_sides(replace(found, legacy=legacy, candidate=candidate), width)
        if one == other and type_of(legacy) != type_of(candidate):
            one, other = f"{one} ({type_of(legacy)})", f"{other} ({type_of(candidate)})"
        return visible(one), visible(other)

    @property
    def share(self) -> str:
        """In how many of the runs that could differ here."""
        return f"{self.cluster.runs:,} of {self.cluster.reachable:,}"

    @property
    def command(self) -> str:
        """What shows more of it."""
        return f"changeover explain {self.cluster.id}"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Runs of one seam that could not be compared, for one reason."""

    reason: NotCompared
    lines: SourceLines

    @property
    def what(self) -> str:
        """The reason with its place and detail."""
        parts = (self.reason.reason, self.reason.place, self.reason.detail)
        return ": ".join(part for part in parts if part)

    def questions(self, width: int) -> tuple[str, str]:
        """What legacy asked and what the candidate did, a dash for what nobody asked or knows."""
        legacy, candidate = _questions(self.reason)
        return _question(legacy, width), _question(candidate, width)


@dataclass(frozen=True, slots=True)
class SeamResult:
    """One seam: fail where something differs, inconclusive where nothing was shown about some of its runs."""

    tally: SeamTally
    answer: Answer
    why: str
    lines: SourceLines
    seconds: float
    findings: tuple[Finding, ...]
    unanswered: tuple[Unanswered, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All seams of a comparison in the order of the plan, and what is wrong with the whole.

    `open` are the clusters that nothing accepts, effects first, each in the order in which a run meets it.
    """

    info: ComparisonInfo
    corpus: Corpus
    seams: tuple[SeamResult, ...]
    open: tuple[Finding, ...]
    problems: tuple[str, ...]

    @property
    def answer(self) -> Answer:
        """As the exit code has it: fail for 1, inconclusive for 3."""
        answers = [seam.answer for seam in self.seams]
        return worst([*answers, *(Answer.INCONCLUSIVE for _ in self.problems)])

    @property
    def waived(self) -> tuple[Finding, ...]:
        """What differs and is accepted for now."""
        return tuple(one for seam in self.seams for one in seam.findings if not one.is_open)

    @property
    def command(self) -> str:
        """What compares the same again, on a screen."""
        return f"changeover compare --source {pasted(self.info.source)}"


def findings_of(info: ComparisonInfo, corpus: Corpus, seams: Collection[str] | None = None) -> Findings:
    """What a comparison found, of these seams alone where they are named.

    A seam passes where each of its runs was compared or waived, and at least one was shown to be alike.
    """
    found = [_finding(info, cluster) for cluster in corpus.clusters]  # worked out anew each time it is asked
    clusters: dict[str, list[Finding]] = {}
    for one in found:
        clusters.setdefault(one.cluster.fingerprint.seam, []).append(one)
    reasons: dict[str, list[Unanswered]] = {}
    for reason in corpus.not_compared.reasons:
        lines = SourceLines(*(None if call is None else call.asked_at for call in _questions(reason)))
        reasons.setdefault(reason.seam, []).append(Unanswered(reason, info.lines_of(reason.seam, lines)))
    chosen = [name for name in corpus.seams if seams is None or name in seams]
    results = tuple(
        _result(info, corpus, name, tuple(clusters.get(name, ())), tuple(reasons.get(name, ())))
        for name in sorted(
            chosen, key=lambda name: info.phases.get(corpus.seams[name].phase, len(info.phases))
        )
    )
    chosen_open = [one for one in found if one.is_open and one.cluster.fingerprint.seam in chosen]
    chosen_open.sort(key=lambda one: one.state != UNSAFE)
    return Findings(info, corpus, results, tuple(chosen_open), tuple(_problems(info, corpus, results)))


def _questions(reason: NotCompared) -> tuple[PortCall | None, PortCall | None]:
    """Legacy's question and the candidate's."""
    asked, recorded = reason.asked, reason.recorded
    return (asked, recorded) if reason.asked_by is Side.LEGACY else (recorded, asked)


def _question(call: PortCall | None, width: int) -> str:
    return "-" if call is None else call_text(call.name, call.arguments, width)


def _finding(info: ComparisonInfo, cluster: Cluster) -> Finding:
    lines = info.lines_of(cluster.fingerprint.seam, cluster.smallest.lines)
    return Finding(cluster, _state(info, cluster), lines)


def _state(info: ComparisonInfo, cluster: Cluster) -> str:
    if cluster.is_unsafe:
        return UNSAFE
    digest = cluster.fingerprint.digest
    covered = any(use.waiver.covers(digest) and not use.expired for use in info.waivers)
    return WAIVED if covered else DIVERGED


def _result(
    info: ComparisonInfo,
    corpus: Corpus,
    name: str,
    found: tuple[Finding, ...],
    unanswered: tuple[Unanswered, ...],
) -> SeamResult:
    tally = corpus.seams[name]
    answer, why = _answer(tally)
    seconds = corpus.seam_seconds[name]
    return SeamResult(tally, answer, why, info.lines_of(name), seconds, found, unanswered)


def _answer(tally: SeamTally) -> tuple[Answer, str]:
    """Fail, inconclusive or pass, as the exit code of a comparison of this seam alone would be."""
    runs = plural(tally.runs, "run")
    if tally.diverged:
        unsafe = f", {tally.unsafe:,} of them UNSAFE" if tally.unsafe else ""
        return (
            Answer.FAIL,
            f"{tally.diverged:,} of {runs} {'differs' if tally.diverged == 1 else 'differ'}{unsafe}",
        )
    if tally.failed:
        return Answer.INCONCLUSIVE, f"{tally.failed:,} of {runs} could not be compared"
    if tally.reference_gave_up:
        return Answer.INCONCLUSIVE, f"the reference did not run: all of {runs} raised or gave nothing"
    if not tally.alike:
        return Answer.INCONCLUSIVE, _nothing_shown(tally, runs)
    return Answer.PASS, f"{runs}, {tally.match:,} match, {tally.tolerated:,} tolerated"


def _nothing_shown(tally: SeamTally, runs: str) -> str:
    if not tally.runs:
        return "never crossed, so that nothing was shown"
    if tally.waived:
        return f"{tally.waived:,} of {runs} waived and none alike, which shows nothing"
    return f"{runs} and nothing in any of them to compare"


def _problems(info: ComparisonInfo, corpus: Corpus, results: tuple[SeamResult, ...]) -> Iterator[str]:
    """What is wrong with the whole; each makes it at least inconclusive."""
    if info.stopped is Stopped.INTERRUPTED:
        yield f"interrupted after {plural(corpus.cases, 'case')}: what comes later is not shown"
    if not results:
        yield "no seam was crossed, so that nothing was compared"
    yield from (f"damaged: {line}" for line in corpus.damaged)
