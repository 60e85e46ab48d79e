"""Looks for what the comparison does not notice, over the cases of sources: rules and views together.

Places that look alike are not altered for ever: each place of each class of input (the tags of a case) is
altered a few times, so that every kind of run has its say and the search ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.compare.invariants import Invariant
from changeover.compare.mutations import BlindSpot, BlindSpots, blind_spots, view_spots
from changeover.compare.paths import is_effect
from changeover.compare.rules import Rules
from changeover.evidence.case_runner import CaseDone, Selection, compared_cases
from changeover.evidence.program_interface import Program
from changeover.evidence.sources import Source, SourceOptions
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


class BlindSpotSearch:
    """Give it every case; then ask. `alike_max` None alters every place of every run."""

    def __init__(self, program: Program, rules: Rules, *, alike_max: int | None = ALIKE_MAX) -> None:
        self.spots: Counter[FoundSpot] = Counter()
        self.tried: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()
        self.places: set[tuple[str, str]] = set()
        self.unfinished: dict[str, None] = {}
        self._program = program
        self._rules = rules
        self._alike_max = alike_max
        self._altered: Counter[tuple[str, tuple[str, ...], str, str]] = Counter()

    def look_at(
        self, source: Source, options: SourceOptions, selection: Selection
    ) -> Generator[CaseDone, None, None]:
        """Alter what the runs of a source leave behind; yields each case when it is done."""
        answers: list[tuple[str, Side, View, Any]] = []

        def seen(seam: str, side: Side, view: View, answer: Any) -> None:
            if seam in selection.seams:
                answers.append((seam, side, view, answer))

        for done in compared_cases(
            self._program, source, options, selection, rules=self._rules, noise=False, answer_seen=seen
        ):
            for run in done.runs:
                self._alter(run, (*done.tags, *run.tags))
            for seam, side, view, answer in answers:
                self._alter_answer(seam, side, view, answer, done.tags)
            answers.clear()
            yield done

    def _alter(self, run: Run, tags: tuple[str, ...]) -> None:
        if run.answered is None:
            return
        self.runs[run.seam] += 1
        predicates = self._program.runtime.invariants_of(run.seam)
        invariants: Sequence[Invariant] = [Invariant(one.__name__, run.seam, one) for one in predicates]
        wanted = self._wanted(run.seam, tags)
        found = blind_spots(run.answered, self._rules, run.seam, invariants=invariants, wanted=wanted)
        self._add(run.seam, found, lambda spot: tuple(rule.path.text for rule in spot.hidden_by))

    def _alter_answer(self, seam: str, side: Side, view: View, answer: Any, tags: tuple[str, ...]) -> None:
        wanted = self._wanted(seam, (*tags, f"view of {side}"))
        found = view_spots(answer, view, side, self._rules, seam, wanted=wanted)
        self._add(seam, found, lambda _: (f"view of {side}",))

    def _add(self, seam: str, found: BlindSpots, hidden_by: Callable[[BlindSpot], tuple[str, ...]]) -> None:
        self.tried[seam] += found.tried
        for spot in found.spots:
            self.spots[FoundSpot(seam, spot.normal_place, spot.change, hidden_by(spot))] += 1
        if found.left_out:
            self.unfinished[seam] = None

    def _wanted(self, seam: str, tags: tuple[str, ...]) -> Callable[[str, str], bool]:
        def wanted(place: str, change: str) -> bool:
            self.places.add((seam, place))
            alike = (seam, tags, place, change)
            if self._alike_max is not None and self._altered[alike] >= self._alike_max:
                return False
            self._altered[alike] += 1
            return True

        return wanted
