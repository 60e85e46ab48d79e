"""What a move changes, and what stands beside it in the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from changeover.errors import ConfigurationError
from changeover.rollout.history import GateOutcome, one_paragraph
from changeover.values.gate_verdict import GateVerdict
from changeover.values.stage import Setting, earlier, earliest_like


@dataclass(frozen=True, slots=True)
class Change:
    """One phase goes from here to there; `old` is None where nobody can tell."""

    phase: str
    old: Setting | None
    new: Setting

    @property
    def is_forward(self) -> bool:
        """Whether it leads further than before, however many stages it skips."""
        old = self.old or earliest_like(self.new)
        return old != self.new and earlier(old, self.new) == old


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moves, why, when, and on which evidence."""

    action: str
    who: str
    reason: str
    now: datetime
    gate: GateOutcome | None = None
    evidence: str | None = None
    code: str | None = None
    rules: str | None = None


def cause_of(
    action: str,
    who: str,
    reason: str,
    now: datetime,
    verdict: GateVerdict | None = None,
    *,
    forced: bool = False,
) -> Cause:
    """What stands beside a move in the history; raises ConfigurationError without a reason."""
    if not one_paragraph(reason):
        raise ConfigurationError("--reason", "was empty, needed: why, for those who read the history later")
    if now.tzinfo is None:
        raise ValueError("the moment of a move needs a zone")
    gate = None
    if verdict is not None:
        gate = GateOutcome(verdict.answer, forced)
    elif forced:
        gate = GateOutcome(forced=True, note="no verdict")
    at = now.astimezone(UTC)
    if verdict is None:
        return Cause(action, one_paragraph(who) or "unknown", one_paragraph(reason), at, gate)
    return Cause(
        action,
        one_paragraph(who) or "unknown",
        one_paragraph(reason),
        at,
        gate,
        verdict.evidence or None,
        verdict.code,
        verdict.rules or None,
    )
