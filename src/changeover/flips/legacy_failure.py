"""Whether it was the shadowed legacy that failed, and not the candidate that acted differently. Pure."""

from __future__ import annotations

from changeover.replay.problems import Trouble
from changeover.values.divergence import Kind
from changeover.values.observation import Observation, Path
from changeover.values.outcome import Raised
from changeover.values.run import Run

# What legacy asked of the world and the candidate did not, or otherwise: that is the candidate's doing.
_ASKED_BY_LEGACY = frozenset(
    {Kind.EFFECT_CHANGED, Kind.EFFECT_MISSING, Kind.EFFECT_ORDER, Kind.UNDECLARED_EFFECT}
)
_REFUSED = frozenset({Trouble.EFFECT_WITHHELD, Trouble.UNDECLARED_EFFECT})
_NOT_REPLAYED = frozenset(
    {Trouble.READ_MISSING, Trouble.UNDECLARED_CALL, Trouble.FIXED_CHANGED, Trouble.NOT_KEPT}
)


def raised_type(observation: Observation | None) -> str | None:
    """The name of the type that a path raised, None where it returned or was not seen."""
    if observation is None or not isinstance(observation.outcome, Raised):
        return None
    return type(observation.outcome.error).__name__


def legacy_failure(run: Run, *, answers: frozenset[str] = frozenset(), dead: str | None = None) -> str | None:
    """How the shadowed legacy failed while the candidate answered ("raised ImportError"), None if it did not.

    `answers` are exceptions that both paths of the seam have raised alike, so that they are answers and no
    failures; `dead` is how legacy failed in the run before: then the candidate may have raised as well.
    """
    if run.answered_by is not Path.CANDIDATE or run.legacy is None or run.candidate is None:
        return None
    troubles = {note.trouble for note in run.notes}
    failure = _failure(run, troubles, answers)
    if failure is None or (raised_type(run.candidate) is not None and failure != dead):
        return None
    return None if troubles & _REFUSED or _acted_differently(run) else failure


def _failure(run: Run, troubles: set[Trouble], answers: frozenset[str]) -> str | None:
    lost = troubles & _NOT_REPLAYED
    if lost and run.verdict != "failed":
        return None  # what such a replay still proves came before it lost the tape
    if lost or Trouble.LIMIT in troubles:
        return f"could not be replayed: {min(lost or {Trouble.LIMIT})}"
    raised = raised_type(run.legacy)
    return None if raised is None or raised in answers else f"raised {raised}"


def _acted_differently(run: Run) -> bool:
    """Whether an effect differs that a path which simply stops would not explain.

    An effect of the candidate alone is explained by the stop, unless legacy went on to one that came later.
    """
    kinds = {found.kind for found in run.divergences}
    if kinds & _ASKED_BY_LEGACY:
        return True
    extra = {found.position for found in run.divergences if found.kind is Kind.EFFECT_EXTRA}
    performed = [] if run.candidate is None else [call.position for call in run.candidate.effects]
    reached = max((position for position in performed if position not in extra), default=0)
    return any(position is not None and position < reached for position in extra)
