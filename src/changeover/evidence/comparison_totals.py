"""What many runs show together: gathered one case at a time, in bounded memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from changeover.compare.clusters import Cluster, Clusters, Fingerprint, RunOccurrence
from changeover.compare.findings import Accepted
from changeover.compare.provenance import Sighting
from changeover.compare.rule import Rule
from changeover.compare.rules import STRICT, Rules
from changeover.evidence.confidence import CONFIDENCE, upper_bound
from changeover.evidence.reasons_not_compared import NotComparedReasons
from changeover.evidence.run_record import RunRecord, SmallestRun, records_of
from changeover.evidence.runs_of_a_case import occurrences, outermost
from changeover.evidence.store.summary import OneSidedRead, Unvaried
from changeover.evidence.tallies import NOT_COMPARED, EffectCounts, SeamTally, total_of
from changeover.evidence.timeline import OwnTimes, Periods
from changeover.evidence.unvaried import UnvariedValues
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.values.content_key import digest
from changeover.values.observation import Side
from changeover.values.verdict import EVIDENCE, Verdict

WORLDS_KEPT_MAX = 500_000
TAGS_KEPT_MAX = 1_000
EFFECTS_KEPT_MAX = 1_000
SMALLEST_KEPT_MAX = 1_000
_LOST = (Verdict.FAILED, Verdict.UNPAIRED)
_OPEN = (Verdict.UNSAFE, Verdict.DIVERGED)


@dataclass(slots=True)
class RuleTally:
    """What one rule accepted: in how many runs, how often, how large; `differing` runs are tolerated."""

    rule: Rule
    runs: int = 0
    hits: int = 0
    differing: int = 0
    largest: Decimal | None = None

    def add(self, accepted: Accepted) -> None:
        """What it accepted in one run."""
        self.runs += 1
        self.hits += accepted.hits
        self.differing += accepted.differs
        if accepted.largest is not None:
            self.largest = max(accepted.largest, self.largest or accepted.largest)


class EffectTable:
    """Adds the effects of compared outermost runs."""

    def __init__(self) -> None:
        self._lines: dict[str, EffectCounts] = {}

    @property
    def lines(self) -> tuple[EffectCounts, ...]:
        """By name."""
        return tuple(self._lines[name] for name in sorted(self._lines))

    def add(self, run: RunRecord) -> None:
        """The effects of one run."""
        for tally in run.effects:
            sides = (tally.legacy, tally.candidate)
            line = self._line(tally.name)
            performed, asked = sides if run.answered_by is Side.LEGACY else sides[::-1]
            line.performed += performed
            line.asked += asked
            line.equal += tally.equal
            line.changed += tally.changed
        for place in run.refused:
            self._line(place).refused += 1

    def _line(self, name: str) -> EffectCounts:
        if name not in self._lines and len(self._lines) >= EFFECTS_KEPT_MAX:
            name = "(others)"
        return self._lines.setdefault(name, EffectCounts(name))


class Corpus:
    """Add every case with the runs it led to; then ask.

    `expected` are seams that were to be crossed, so that one that never was has a row of its own. `redact`
    makes a run fit to be shown: every value that is kept beyond its case comes from such a copy.
    """

    def __init__(
        self,
        rules: Rules = STRICT,
        *,
        expected: Iterable[tuple[str, str]] = (),
        required_tags: Iterable[str] = (),
        redact: Callable[[Run], Run] | None = None,
    ) -> None:
        self.rules = rules
        self._redact = redact
        self.required_tags = tuple(dict.fromkeys(required_tags))
        self.seams: dict[str, SeamTally] = {seam: SeamTally(seam, phase) for seam, phase in expected}
        self.effects = EffectTable()
        self.times = OwnTimes()
        self.seam_seconds: defaultdict[str, float] = defaultdict(float)
        """Own time of both paths in all compared runs."""
        self.phase_times: dict[str, OwnTimes] = {}
        self.periods = Periods()
        self.not_compared = NotComparedReasons()
        self.tags: Counter[str] = Counter()
        self.compared_tags: Counter[str] = Counter()
        self.rule_tallies: dict[int, RuleTally] = {}
        self.smallest: dict[Fingerprint, SmallestRun] = {}
        self.cases = 0
        self.silent_cases = 0
        self._unvaried = UnvariedValues(redact)
        self.damaged: list[str] = []
        self.first: str | None = None
        self.last: str | None = None
        self._clusters = Clusters()
        self._worlds: dict[str, bool] = {}

    def add(self, name: str, runs: Sequence[Run], tags: Iterable[str] = ()) -> None:
        """One case, named as `source/case`, with its runs in the order in which they were handed on."""
        self.add_case(name, self.records(name, runs), tags)

    def records(self, name: str, runs: Sequence[Run]) -> list[RunRecord]:
        """What these runs of a case add; nothing is added yet."""
        known = self.smallest if len(self.smallest) < SMALLEST_KEPT_MAX else None
        return records_of(name, runs, self._redact, known)

    def add_case(self, name: str, runs: Sequence[RunRecord], tags: Iterable[str] = ()) -> None:
        """The same of a case whose runs were recorded, here or in another process."""
        case = name.partition("/")[2] or name
        self.cases += 1
        self.first, self.last = self.first or case, case
        self.silent_cases += not runs
        seen = {*tags, *(tag for run in runs for tag in run.tags)}
        self._note_tags(seen)
        self.periods.add(case, runs)
        differs = any(run.differs for run in runs)
        stands = occurrences(runs) if differs else [None] * len(runs)
        for run, stand in zip(runs, stands, strict=True):
            self._add_run(run, stand)
        verdicts = [run.verdict for run in runs]
        compared = [run for run in runs if run.verdict not in NOT_COMPARED]
        shown = outermost(compared)
        for run in shown:
            self.effects.add(run)
            if run.own_times is not None:
                self.times.add(*run.own_times)
        self._note_phase_times(compared)
        if shown and not any(verdict in _LOST for verdict in verdicts):
            self.compared_tags.update(tag for tag in seen if tag in self.tags)
        diverged = any(verdict in _OPEN for verdict in verdicts)
        if shown and (diverged or EVIDENCE.issuperset(verdicts)):
            self._note_world([run.world for run in shown if run.world is not None], diverged)

    def _add_run(self, run: RunRecord, occurrence: RunOccurrence | None) -> None:
        self.seams.setdefault(run.seam, SeamTally(run.seam, run.phase)).add(run)
        if run.seen is not None:
            self._unvaried.add(run.seen)
        if run.own_times is not None:
            self.seam_seconds[run.seam] += sum(run.own_times)
        if run.not_compared is not None:
            self.not_compared.add(run.not_compared)
        for accepted in run.accepted:
            self.rule_tallies.setdefault(accepted.rule.number, RuleTally(accepted.rule)).add(accepted)
        if run.found is not None:
            self._clusters.add(replace(run.found, occurrence=occurrence))
        for fingerprint, one in run.smallest.items():
            before = self.smallest.get(fingerprint)
            has_room = before is not None or len(self.smallest) < SMALLEST_KEPT_MAX
            if has_room and (before is None or one.size < before.size):
                self.smallest[fingerprint] = one

    def _note_phase_times(self, compared: list[RunRecord]) -> None:
        """Of each phase those runs that no other run of the same phase contains."""
        for phase in dict.fromkeys(run.phase for run in compared):
            of_phase = [run for run in compared if run.phase == phase]
            times = self.phase_times.setdefault(phase, OwnTimes())
            for run in of_phase if len(of_phase) == 1 else outermost(of_phase):
                if run.own_times is not None:
                    times.add(*run.own_times)

    def _note_tags(self, tags: set[str]) -> None:
        for tag in tags:
            if tag in self.tags or len(self.tags) < TAGS_KEPT_MAX:
                self.tags[tag] += 1

    def _note_world(self, worlds: list[str], diverged: bool) -> None:
        world = worlds[0] if len(worlds) == 1 else digest(tuple(worlds))
        if world in self._worlds or len(self._worlds) < WORLDS_KEPT_MAX or diverged:
            self._worlds[world] = self._worlds.get(world, False) or diverged

    def sighting_of(self, cluster: Cluster) -> Sighting | None:
        """Where the odd value of its example was seen before."""
        example = self.smallest.get(cluster.fingerprint)
        return None if example is None else example.sighting

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """In the order in which a run meets them."""
        return self._clusters.found

    @property
    def clusters_left_out(self) -> int:
        """Differences of clusters beyond those that are kept."""
        return self._clusters.left_out

    @property
    def total(self) -> SeamTally:
        """All seams together."""
        return total_of(self.seams.values())

    @property
    def distinct_worlds(self) -> int:
        """Worlds of cases that were compared as a whole; at most `WORLDS_KEPT_MAX`."""
        return len(self._worlds)

    @property
    def distinct_diverged(self) -> int:
        """Of these, the ones in which something differs."""
        return sum(self._worlds.values())

    def rate_bound(self, confidence: float = CONFIDENCE) -> float:
        """The largest share of worlds that may differ, were they a fair sample; 1.0 without any."""
        return upper_bound(self.distinct_diverged, self.distinct_worlds, confidence)

    @property
    def missing_tags(self) -> tuple[str, ...]:
        """Required and not seen."""
        return tuple(tag for tag in self.required_tags if tag not in self.tags)

    @property
    def unused_rules(self) -> tuple[Rule, ...]:
        """Rules for seams of this corpus that accepted nothing."""
        return tuple(
            rule
            for rule in self.rules.rules
            if rule.number not in self.rule_tallies
            and any(rule.covers(seam) for seam, tally in self.seams.items() if tally.compared)
        )

    @property
    def one_sided_reads(self) -> tuple[OneSidedRead, ...]:
        """Advice, no verdict."""
        return tuple(
            OneSidedRead(tally.seam, method, side, runs, tally.alike)
            for tally in self.seams.values()
            for side in Side
            for method, runs in sorted(tally.reads[side].items())
            if 2 * runs > tally.alike and not tally.reads[side.other][method]
        )

    @property
    def unvaried(self) -> tuple[Unvaried, ...]:
        """What had one value in all compared runs, so that what depends on it is not shown."""
        return self._unvaried.found

    @property
    def gave_up(self) -> tuple[str, ...]:
        """Seams whose answering path raised or gave None every time: the reference did not run."""
        return tuple(tally.seam for tally in self.seams.values() if tally.reference_gave_up)

    @property
    def exit_code(self) -> int:
        """0 nothing differs, 1 something does, 3 nothing was shown about some runs or seams."""
        if self.total.diverged:
            return 1
        empty = not self.seams or any(not tally.alike for tally in self.seams.values())
        return 3 if empty or self.total.failed or self.gave_up or self.damaged else 0
