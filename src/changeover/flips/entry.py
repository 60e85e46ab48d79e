"""One line of `history.jsonl`: who moved what, when, why, and on which evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`action` is flip, rollback, trip, seal, kill or unkill; `before` and `after` are digests of flags.json.

    For kill, unkill and seal `phase`, `old` and `new` are None. `gate` is the verdict that allowed a step
    forward, `forced` where there was none. `at` is in UTC.
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
