"""What kept a replay from going on as the recorded path did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from changeover.values.observation import PortCall


class Trouble(StrEnum):
    """Why a replay says less than a real run would have."""

    READ_MISSING = "read-missing"
    UNDECLARED_CALL = "undeclared-call"
    UNDECLARED_EFFECT = "undeclared-effect"
    EFFECT_WITHHELD = "effect-extra"
    INEXACT = "inexact"
    LIMIT = "limit"
    FIXED_CHANGED = "fixed-changed"
    NOT_KEPT = "not-kept"


@dataclass(frozen=True, slots=True)
class Note:
    """One trouble: where (port.method, or the event), what was asked, after which of the path's calls."""

    trouble: Trouble
    place: str
    detail: str
    position: int
    asked_at: str | None = None
    call: PortCall | None = None

    def __str__(self) -> str:
        asked = f" ({self.asked_at})" if self.asked_at else ""
        return f"{self.trouble}: {self.place}: {self.detail}{asked}"
