"""Why runs could not be compared, with the two questions side by side where one was not on the tape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.compare.comparison import NOT_COMPARED
from changeover.evidence.unanswered_reads import Advice, way_to_answer
from changeover.quick_dataclass import dataclass
from changeover.record.replay_problems import ProblemKind
from changeover.record.run import Run
from changeover.values.form import token, type_name
from changeover.values.limits import NotComparable
from changeover.values.observation import LoggedBy, Observation, PortCall, Side, logged_by_one
from changeover.values.verdict import Verdict

REASONS_KEPT_MAX = 200
LOGGED_KEPT_MAX = 20
VACUOUS = "vacuous: both sides empty, or neither input nor read"


@dataclass(slots=True)
class NotCompared:
    """Runs of one seam that could not be compared for one reason.

    `asked` is what the replayed path asked in the first of them, `recorded` the nearest question of the path
    that answered, None where it asked nothing like it, `differing` in which arguments they differ, a clause
    each; `advice` says what would answer the question.
    `logged` are warnings and worse of the replayed path alone, up to the question; where the answering path
    gave nothing, also of that one alone.
    """

    seam: str
    reason: str
    place: str
    detail: str
    example: str
    asked_by: Side
    asked: PortCall | None = None
    recorded: PortCall | None = None
    runs: int = 0
    advice: Advice | None = None
    logged: tuple[LoggedBy, ...] = ()
    differing: tuple[str, ...] = ()


class NotComparedReasons:
    """Gathers the reasons; `left_out` counts runs whose reason is beyond the limit."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str, str], NotCompared] = {}
        self.left_out = 0

    @property
    def reasons(self) -> tuple[NotCompared, ...]:
        """The most frequent first."""
        return tuple(sorted(self._reasons.values(), key=lambda one: (-one.runs, one.seam, one.place)))

    def add(self, found: NotCompared) -> None:
        """One run that was not compared."""
        key = (found.seam, found.reason, found.place)
        if key not in self._reasons and len(self._reasons) >= REASONS_KEPT_MAX:
            self.left_out += 1
        else:
            self._reasons.setdefault(key, found).runs += 1


def why_not_compared(name: str, run: Run, verdict: Verdict) -> NotCompared:
    """Why a run of this case was not compared."""
    replayed = run.answered_by.other
    if verdict is Verdict.VACUOUS:
        return NotCompared(run.seam, VACUOUS, "", "", name, replayed)
    inexact = next((note for note in run.notes if note.kind is ProblemKind.INEXACT), None)
    note = next((note for note in run.notes if note.is_failure), inexact)
    if note is None:
        failure = next((found for found in run.divergences if found.kind in NOT_COMPARED), None)
        if failure is None:
            return NotCompared(run.seam, run.reason or str(verdict), "", "", name, replayed)
        return NotCompared(run.seam, failure.kind, failure.place, str(failure.candidate), name, replayed)
    found = NotCompared(run.seam, note.kind, note.place, note.detail, name, replayed, note.call)
    replay = run.candidate if replayed is Side.CANDIDATE else run.legacy
    if replay is not None and run.answered is not None:
        # What the answering path logged after the question has no counterpart, unless that path is dead.
        sides = {replayed} if not run.answered.gave_nothing else set(Side)
        logged = logged_by_one(run.answered, replay)
        found.logged = tuple(one for one in logged if one[0] in sides)[:LOGGED_KEPT_MAX]
    if note.kind is ProblemKind.READ_MISSING and note.call is not None and run.answered is not None:
        found.recorded = _nearest(run.answered, note.call)
        if found.recorded is not None:
            found.differing = tuple(how_questions_differ(found.recorded.arguments, note.call.arguments))
        found.advice = way_to_answer(note.call, run.answered.reads, run.answered.effects)
    return found


def _nearest(answered: Observation, asked: PortCall) -> PortCall | None:
    """The recorded read of the same method that shares most arguments with what was asked."""
    same_method = [call for call in answered.reads if call.name == asked.name]
    return max(same_method, key=lambda call: _shared(call.arguments, asked.arguments), default=None)


def _shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(name in other and _are_alike(value, other[name]) for name, value in one.items())


def _are_alike(one: Any, other: Any) -> bool:
    try:
        return token(one) == token(other)
    except NotComparable:
        return False


def how_questions_differ(legacy: Mapping[str, Any], candidate: Mapping[str, Any]) -> list[str]:
    """One clause for each argument that differs; empty where none does."""
    clauses: list[str] = []
    for name in dict.fromkeys([*legacy, *candidate]):
        if name not in legacy or name not in candidate:
            clauses.append(f"`{name}` is asked on one side only")
            continue
        one, other = legacy[name], candidate[name]
        if type(one) is not type(other):
            clauses.append(f"`{name}` is a {_type(one)} on one side and a {_type(other)} on the other")
        elif not _are_alike(one, other):
            clauses.append(f"`{name}` differs")
    return clauses


def _type(value: Any) -> str:
    return type_name(type(value)).rpartition(".")[2]
