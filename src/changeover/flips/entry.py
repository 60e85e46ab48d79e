"""One line of `history.jsonl`: who moved what, when, why, and on which evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOVING = frozenset({"flip", "rollback", "trip", "seal", "repair"})  # actions that say what flags.json became
REFUSED = "refused"  # stands for the digest of a file whose content nobody may trust
SWITCHING = frozenset({"kill", "unkill"})


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`action` is flip, rollback, trip, seal, repair, kill or unkill; `before` and `after` are digests.

    The digests are those of flags.json; `before` is None where it was missing, `refused` where it was that.
    A move of several phases at once has one entry for each, with the same revision. For kill and unkill, and
    for a seal or repair that changes no stage, `phase`, `old` and `new` are None; `old` alone is None where
    nobody can tell. `gate` is the verdict that allowed a step forward, `forced: ...` where it did not. `at`
    is in UTC.
    """

    revision: int
    action: str
    at: datetime
    who: str
    reason: str
    before: str | None
    after: str | None
    phase: str | None = None
    old: str | None = None
    new: str | None = None
    gate: str | None = None
    evidence: str | None = None
    code: str | None = None
    rules: str | None = None
