"""Looks for what the comparison does not notice, over the cases of sources: rules and views together.

Places that look alike are not altered for ever: each place of each class of input (the tags of a case) is
altered a few times, so that every kind of run has its say and the search ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import field
from typing import Any

from changeover.compare.invariants import Invariant
from changeover.compare.mutations import Wanted, blind_spots, view_spots
from changeover.compare.paths import is_effect
from changeover.compare.rules import Rules
from changeover.evidence.case_recorder import recorded_cases
from changeover.evidence.case_runner import CaseDone, Selection, compared_cases
from changeover.evidence.child_processes import ChildProcesses
from changeover.evidence.cluster_place import ClusterPlace
from changeover.evidence.program_interface import Program
from changeover.evidence.replay_places import Cluster, ForkedPlace, ReplayPlace, ended
from changeover.evidence.replays_elsewhere import ReplaysElsewhere
from changeover.evidence.scenario_replay import codec_of
from changeover.evidence.sent_runs import NumberedCase, RecordKind
from changeover.evidence.sources import Source, SourceOptions
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.replay.kept_outcome import View
from changeover.values.observation import Side

ALIKE_MAX = 1
"""So many alterations of one kind at one place, for each class of input and seam."""


@dataclass(frozen=True, slots=True)
class FoundSpot:
    """A kind of change at a place that went unnoticed; `hidden_by` are paths of rules, or a view."""

    seam: str
    place: str
    change: str
    hidden_by: tuple[str, ...]

    @property
    def is_effect(self) -> bool:
        """True for a change of what was done to the world."""
        return is_effect(self.place)


@dataclass(slots=True)
class Altered:
    """What was altered of one run or answer, in order; nothing is counted yet.

    `attempts` are places, changes, and what hid them, None where they were noticed. `places` are those that
    were met for the first time.
    """

    seam: str
    tags: tuple[str, ...]
    is_run: bool = True
    is_answered: bool = True
    attempts: list[tuple[str, str, tuple[str, ...] | None]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    left_out: bool = False

    def data(self) -> list[Any]:
        """As JSON."""
        places = sorted(self.places)
        return [self.seam, self.tags, self.is_run, self.is_answered, self.attempts, places, self.left_out]

    @classmethod
    def of(cls, data: list[Any]) -> Altered:
        """From JSON."""
        seam, tags, is_run, is_answered, attempts, places, left_out = data
        tried = [(place, change, None if by is None else tuple(by)) for place, change, by in attempts]
        return cls(seam, tuple(tags), is_run, is_answered, tried, set(places), left_out)


class BlindSpotSearch:
    """Give it every case; then ask. `alike_max` None alters every place of every run.

    `here` counts runs that other processes were to alter and could not, by the reason.
    """

    def __init__(self, program: Program, rules: Rules, *, alike_max: int | None = ALIKE_MAX) -> None:
        self.spots: Counter[FoundSpot] = Counter()
        self.tried: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()
        self.places: set[tuple[str, str]] = set()
        self.unfinished: dict[str, None] = {}
        self.here: Counter[str] = Counter()
        self._program = program
        self._rules = rules
        self._alike_max = alike_max
        self._altered: Counter[tuple[str, tuple[str, ...], str, str]] = Counter()

    @property
    def kind(self) -> RecordKind[Altered]:
        """How runs are altered in another process."""

        def sent(altered: Altered) -> list[Any]:
            self._take(altered)  # there: what one of its runs altered, the next one need not
            return altered.data()

        return RecordKind(self._alter_runs, sent, lambda data, _: Altered.of(data))

    def _place(self, processes: ChildProcesses, cluster: Cluster | None) -> ReplayPlace | None:
        if cluster is not None:
            return ClusterPlace(cluster, codec_of(self._program))
        return ForkedPlace(processes) if processes.most > 1 else None

    def look_at(
        self,
        source: Source,
        options: SourceOptions,
        selection: Selection,
        jobs: int = 1,
        cluster: Cluster | None = None,
    ) -> Generator[CaseDone, None, None]:
        """Alter what the runs of a source leave behind; yields each case when it is done.

        With more than one of `jobs`, or a cluster, other processes replay the runs and alter them; not where
        seams have views, whose answers are altered in the order in which they were seen.
        """
        answers: list[tuple[str, Side, View, Any]] = []

        def seen(seam: str, side: Side, view: View, answer: Any) -> None:
            if seam in selection.seams:
                answers.append((seam, side, view, answer))

        kind = self.kind
        with ChildProcesses(jobs) as processes, ended(cluster):
            elsewhere: ReplaysElsewhere[Altered] | None = None
            place = self._place(processes, cluster)
            if place is not None and not self._has_views(selection):
                elsewhere = ReplaysElsewhere(place, kind, source.total(options))
            cases = compared_cases(
                self._program,
                source,
                options,
                selection,
                rules=self._rules,
                noise=False,
                answer_seen=seen,
                elsewhere=elsewhere,
            )
            with closing(cases):
                for done, altered in recorded_cases(cases, kind, elsewhere):
                    for one in altered:
                        self._take(one)
                    for seam, side, view, answer in answers:
                        self._take(self._alter_answer(seam, side, view, answer, done.tags))
                    answers.clear()
                    yield done
            if elsewhere is not None:
                self.here += elsewhere.here

    def _has_views(self, selection: Selection) -> bool:
        seams = self._program.seams
        return any(view is not None for name in selection.seams for view in seams[name].views.values())

    def _alter_runs(self, case: NumberedCase, runs: Sequence[Run]) -> list[Altered]:
        """The runs of one case; what one of them alters, the next one need not."""
        before: Counter[tuple[str, tuple[str, ...], str, str]] = Counter()
        return [self._alter(run, (*case.tags, *run.tags), before) for run in runs]

    def _alter(
        self, run: Run, tags: tuple[str, ...], before: Counter[tuple[str, tuple[str, ...], str, str]]
    ) -> Altered:
        made = Altered(run.seam, tags, is_answered=run.answered is not None)
        if run.answered is not None:
            predicates = self._program.runtime.invariants_of(run.seam)
            invariants: Sequence[Invariant] = [Invariant(one.__name__, run.seam, one) for one in predicates]
            wanted = self._wanted(made, before)
            found = blind_spots(run.answered, self._rules, run.seam, invariants=invariants, wanted=wanted)
            made.left_out = found.left_out
            made.attempts = [
                (
                    one.normal_place,
                    one.change,
                    None if one.spot is None else tuple(rule.path.text for rule in one.spot.hidden_by),
                )
                for one in found.attempts
            ]
        return made

    def _alter_answer(self, seam: str, side: Side, view: View, answer: Any, tags: tuple[str, ...]) -> Altered:
        made = Altered(seam, (*tags, f"view of {side}"), is_run=False)
        found = view_spots(answer, view, side, self._rules, seam, wanted=self._wanted(made, Counter()))
        made.left_out = found.left_out
        hidden = (f"view of {side}",)
        made.attempts = [
            (one.normal_place, one.change, None if one.spot is None else hidden) for one in found.attempts
        ]
        return made

    def _take(self, altered: Altered) -> None:
        """Count what was altered, but for what was altered often enough meanwhile."""
        seam, tried = altered.seam, 0
        self.runs[seam] += altered.is_run and altered.is_answered
        self.places.update((seam, place) for place in altered.places)
        for place, change, hidden_by in altered.attempts:
            if not self._may_alter(altered, place, change):
                continue
            self._altered[seam, altered.tags, place, change] += 1
            tried += 1
            if hidden_by is not None:
                self.spots[FoundSpot(seam, place, change, hidden_by)] += 1
        self.tried[seam] += tried
        if altered.left_out:
            self.unfinished[seam] = None

    def _may_alter(self, altered: Altered, place: str, change: str, more: int = 0) -> bool:
        alike = self._altered[altered.seam, altered.tags, place, change] + more
        return self._alike_max is None or alike < self._alike_max

    def _wanted(self, altered: Altered, before: Counter[tuple[str, tuple[str, ...], str, str]]) -> Wanted:
        def wanted(place: str, change: str) -> bool:
            if (altered.seam, place) not in self.places:
                altered.places.add(place)
            alike = (altered.seam, altered.tags, place, change)
            if not self._may_alter(altered, place, change, before[alike]):
                return False
            before[alike] += 1
            return True

        return wanted
