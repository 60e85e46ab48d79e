"""What many replays of one run have in common is worked out once; each is judged as any other run is.

The answering path is the same in all of them: what it left behind is put together once, and invariants are
asked of it once. An object that all of them share is read once, before the first: when one of them has
changed it, neither that one nor any later one can be compared. And an observation that is, part by part, what
was judged to match before, matches again; of what an invariant looked at, `known_answers` says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import wraps

from changeover.compare.comparison import nothing_differs
from changeover.explore.known_answers import KnownAnswers, Likeness
from changeover.record.object_reading import ObjectReading
from changeover.replay.renamed_answers import RenamedAnswers
from changeover.replay.scheduler import Decides
from changeover.seam.comparison_steps import Comparing
from changeover.seam.judge import Facts, Judge, Judgement, Predicate
from changeover.seam.recording import Recording
from changeover.values.observation import Observation

_COMPARED = ("outcome", "effects")
Contents = Sequence[int | None]
"""The numbers of what these parts hold."""
JUDGED_KEPT_MAX = 20
"""So many different observations are held against a new one."""


class JudgedBefore:
    """Of one recorded run; `judge` and `invariants` are those of its runtime."""

    def __init__(self, recording: Recording) -> None:
        runtime = recording.runtime
        self.answered = recording.observation()
        seam = recording.call.seam.name
        self._likeness = Likeness()
        answers = KnownAnswers(self._likeness)
        self.invariants = [
            self._once_of_the_answer(answers.asked(one)) for one in runtime.invariants_of(seam)
        ]
        self._judge: Judge = runtime.judge
        self._kept: list[tuple[Facts, Contents, Judgement]] = []
        self.first_read: list[ObjectReading] = []
        self.renamed = RenamedAnswers()

    def judge(self, facts: Facts) -> Judgement:
        """As the judge would; what matched before is compared with nothing but that."""
        if facts.noted or facts.inexact_from is not None:
            return self._judge(facts)
        contents = [self._likeness.content(facts.candidate, part) for part in _COMPARED]
        for before, known, judgement in self._kept:
            if before.saw_anything is facts.saw_anything and _is_judged_alike(before, known, facts, contents):
                return judgement
        judgement = self._judge(facts)
        if not judgement.divergences and len(self._kept) < JUDGED_KEPT_MAX:
            self._kept.append((facts, contents, judgement))
        return judgement

    def _once_of_the_answer(self, predicate: Predicate) -> Predicate:
        known: list[bool] = []

        @wraps(predicate)
        def holds(seen: Observation) -> bool:
            if seen is not self.answered:
                return predicate(seen)
            if not known:
                known.append(predicate(seen))
            return known[0]

        return holds


def _is_judged_alike(before: Facts, known: Contents, facts: Facts, contents: Contents) -> bool:
    """Whether both sides are what they were, in all that a judge goes by."""
    ours, theirs = before.candidate, facts.candidate
    alike = [
        part
        for part, one, other in zip(_COMPARED, known, contents, strict=True)
        if one is not None and one == other
    ]
    if alike:  # what is alike in each detail need not be compared
        theirs = replace(theirs, **{part: getattr(ours, part) for part in alike})
    return nothing_differs(before.legacy, facts.legacy) and nothing_differs(ours, theirs)


class Exploring(Comparing):
    """One replay of many."""

    def __init__(self, common: JudgedBefore, recording: Recording, decides: Decides) -> None:
        super().__init__(recording, decides, common.first_read, common.renamed)
        self._common = common

    def _answered(self) -> Observation:
        return self._common.answered

    def _invariants(self) -> Sequence[Predicate]:
        return self._common.invariants

    @property
    def _judge(self) -> Judge:
        return self._common.judge
