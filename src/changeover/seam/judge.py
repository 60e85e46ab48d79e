"""From two observations and the problems of the replay to the run and its verdict.

The comparison is imported when there is something to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from changeover.quick_dataclass import dataclass
from changeover.record.call_inputs import ARGUMENTS, OBJECT
from changeover.record.live_answers import ANSWERS, as_given, joined
from changeover.record.replay_problems import QUEUE, ProblemKind, ReplayProblem, ReplayProblems
from changeover.record.run import NotPaired, Run
from changeover.record.tape import Tape
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.event_contract import EventContract
from changeover.values.observation import Observation, Side
from changeover.values.pins import Pins
from changeover.values.reading import own_state
from changeover.values.verdict import Verdict

Predicate = Callable[[Observation], bool]
NO_CONTRACTS: Mapping[str, EventContract] = MappingProxyType({})
Waived = Callable[[str, Divergence], bool]

_KINDS = {
    ProblemKind.READ_MISSING: Kind.READ_MISSING,
    ProblemKind.UNDECLARED_CALL: Kind.READ_MISSING,
    ProblemKind.UNDECLARED_EFFECT: Kind.UNDECLARED_EFFECT,
    ProblemKind.LIMIT: Kind.TIMEOUT,
    ProblemKind.FIXED_CHANGED: Kind.COMPARER_ERROR,
}
_UNFIT = frozenset({ProblemKind.NOT_KEPT, ProblemKind.OBJECT_CHANGED})
"""After these there is no observation that could be compared."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a judge may go by; `saw_anything` is False where there was neither input nor read."""

    seam: str
    legacy: Observation
    candidate: Observation
    shadowed: Side
    noted: tuple[Divergence, ...]
    inexact_from: int | None
    saw_anything: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its divergences; `detail` is whatever the judge can say beyond."""

    verdict: Verdict
    divergences: tuple[Divergence, ...]
    detail: Any = None


Judge = Callable[[Facts], Judgement]


def comparing_judge(
    rules: Any = None,
    waived: Waived | None = None,
    *,
    rules_file: Path | None = None,
) -> Judge:
    """The judge that compares by rules (None: strictly), or by those of a file, where there is one.

    `waived` is asked about each difference at a seam, never about an effect. A file that is wrong fails every
    run that would be judged by it, and no call.
    """
    found = rules
    ask = waived or _never

    def judge(facts: Facts) -> Judgement:
        nonlocal found
        from changeover.compare.comparison import compare, verdict_of
        from changeover.compare.rules import STRICT

        if found is None:
            found = _read(rules_file) if rules_file is not None and rules_file.exists() else STRICT
        comparison = compare(
            facts.legacy,
            facts.candidate,
            found,
            seam=facts.seam,
            shadowed=facts.shadowed,
            noted=facts.noted,
            inexact_from=facts.inexact_from,
        )
        verdict = verdict_of(
            comparison, saw_anything=facts.saw_anything, waived=lambda differs: ask(facts.seam, differs)
        )
        return Judgement(verdict, comparison.divergences, comparison)

    return judge


def _read(rules_file: Path) -> Any:
    from changeover.compare.rules_file import load_rules

    return load_rules(rules_file, today=datetime.now(UTC).date())


def waived_by(waivers_file: Path, note: Callable[[str], None]) -> Waived:
    """What a file waives, read when something differs for the first time; a wrong one waives nothing."""

    @cache
    def read() -> Waived:
        from changeover.rollout.waivers import waivers_of

        return waivers_of(waivers_file, note)

    return lambda seam, divergence: read()(seam, divergence)


def _never(seam: str, divergence: Divergence) -> bool:
    return False


def _with_both_changes(
    answered: Observation, shadowed: Observation, before: Mapping[str, Any]
) -> tuple[Observation, Observation]:
    ours, theirs = answered.changed, shadowed.changed
    if not ours and not theirs:
        return answered, shadowed
    if ours is None or theirs is None:  # of a recorded answer nothing more is known
        return replace(answered, changed=None), replace(shadowed, changed=None)
    return (
        replace(answered, changed=_filled(ours, theirs, before)),
        replace(shadowed, changed=_filled(theirs, ours, before)),
    )


def _filled(own: Mapping[str, Any], other: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
    """With what this side left as it was, where the other one changed it."""
    filled = {root: before[root] for root in other if root in before} | dict(own)
    if ARGUMENTS in filled:
        names = {**own.get(ARGUMENTS, {}), **other.get(ARGUMENTS, {})}
        known = {**before.get(ARGUMENTS, {}), **own.get(ARGUMENTS, {})}
        filled[ARGUMENTS] = {name: known[name] for name in names if name in known}
    if ANSWERS in filled:
        filled[ANSWERS] = joined((before.get(ANSWERS, {}), own.get(ANSWERS, {})))
    return filled


def _noted(note: ReplayProblem, shadowed: Side) -> Divergence:
    kind = _KINDS[note.kind]
    family = "effects" if kind is Kind.UNDECLARED_EFFECT else "reads"
    asked = f"{note.detail} ({note.asked_at})" if note.asked_at else note.detail
    if note.kind is not ProblemKind.READ_MISSING:
        asked = f"{note.kind}: {asked}"
    legacy, candidate = (ABSENT, asked) if shadowed is Side.CANDIDATE else (asked, ABSENT)
    return Divergence(f"{family}.{note.place}", kind, legacy, candidate, position=note.position)


def _why_failed(problems: ReplayProblems, judgement: Judgement) -> str:
    """Why a run could not be compared: what the replay met, or what the comparison could not read."""
    met = problems.failures or [note for note in problems.all if note.kind is ProblemKind.INEXACT]
    if met:
        handed = next((note.detail for note in problems.all if note.place == QUEUE), None)
        return str(met[0]) if handed is None or met[0].place == QUEUE else f"{met[0]}; {handed}"
    unread = [found for found in judgement.divergences if found.kind is Kind.COMPARER_ERROR]
    first = next(iter(unread or judgement.divergences), None)
    if first is None:
        return "the judge could not tell"
    return (
        f"{first.place}: {first.kind}: {first.candidate if first.candidate is not ABSENT else first.legacy}"
    )


@dataclass(frozen=True, slots=True)
class RunDraft:
    """The fields of a run that are known before it is judged; the one place where a `Run` is made.

    `owner` holds the copy of the method's object as it was before the call, where one was made.
    """

    seam: str
    phase: str
    population: str
    pins: Pins
    answered_by: Side
    arguments: dict[str, Any]
    tape: Tape
    tags: tuple[str, ...] = ()
    fell_back: bool = False
    owner: tuple[Any, ...] = ()
    id: str = field(default_factory=lambda: uuid4().hex)

    def judged(
        self,
        answered: Observation,
        other: Observation,
        problems: ReplayProblems,
        judge: Judge,
        invariants: Sequence[Predicate],
        contracts: Mapping[str, EventContract] = NO_CONTRACTS,
    ) -> Run:
        """The run as the judge sees what both paths left behind; raises what a judge or a rule raises."""
        unfit = next((note for note in problems.all if note.kind in _UNFIT), None)
        if unfit is not None:
            return self._run(Verdict.FAILED, reason=str(unfit), notes=tuple(problems.all))
        facts = self._facts(answered, other, problems, invariants, contracts)
        judgement = judge(facts)
        failed = judgement.verdict == Verdict.FAILED
        return self._run(
            Verdict(judgement.verdict),
            legacy=facts.legacy,
            candidate=facts.candidate,
            divergences=judgement.divergences,
            notes=tuple(problems.all),
            reason=_why_failed(problems, judgement) if failed else None,
            judgement=judgement.detail,
        )

    def _facts(
        self,
        answered: Observation,
        other: Observation,
        problems: ReplayProblems,
        holds: Sequence[Predicate],
        contracts: Mapping[str, EventContract],
    ) -> Facts:
        """Put what a run left behind on its two sides, and say what the replay noted as divergences."""
        before = {ARGUMENTS: self.arguments, **dict(zip((OBJECT,), self.owner, strict=False))}
        before[ANSWERS] = self._answers_as_given(answered, other)
        answered, other = _with_both_changes(answered, other, before)
        legacy, candidate = (answered, other) if answered.path is Side.LEGACY else (other, answered)
        noted = [_noted(note, other.path) for note in problems.all if note.kind in _KINDS]
        if holds:
            from changeover.compare.invariants import Invariant, broken_invariants

            named = [Invariant(predicate.__name__, self.seam, predicate) for predicate in holds]
            noted += broken_invariants(named, self.seam, legacy, candidate)
        if contracts and candidate.events:
            from changeover.compare.event_contract import contract_breaches

            noted += contract_breaches(contracts, candidate, replayed=other.path is Side.CANDIDATE)
        inexact = [note.position for note in problems.all if note.kind is ProblemKind.INEXACT]
        has_input = bool(self.arguments) or any(map(own_state, self.owner))
        saw_anything = has_input or bool(legacy.reads or candidate.reads)
        first = min(inexact, default=None)
        return Facts(self.seam, legacy, candidate, other.path, tuple(noted), first, saw_anything)

    def _answers_as_given(self, *sides: Observation) -> dict[str, Any]:
        """The answers that one of the paths has changed, as they were given."""
        changed = [side.changed.get(ANSWERS, {}) for side in sides if side.changed]
        return as_given(self.tape.spots(), joined(changed)) if any(changed) else {}

    def failed(self, reason: str, notes: Sequence[ReplayProblem] = ()) -> Run:
        """The run as one that could not be compared."""
        return self._run(Verdict.FAILED, reason=reason, notes=tuple(notes))

    def answered(self, seen: Observation, verdict: Verdict) -> Run:
        """The run with what the answering path left behind, and with a verdict that was found elsewhere."""
        return self._run(verdict, **{self.answered_by.value: seen})

    def unpaired(self, why: NotPaired) -> Run:
        """The run as one that was not compared."""
        return self._run(Verdict.UNPAIRED, reason=str(why), not_paired=why)

    def _run(self, verdict: Verdict, **known: Any) -> Run:
        drafted = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "owner"}
        return Run(**drafted, setting=self.pins.setting(self.phase), verdict=verdict, **known)
