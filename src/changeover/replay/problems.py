"""What went wrong in a replay, apart from what the comparison will find."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from changeover.values.observation import PortCall

TROUBLES_KEPT_MAX = 100


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


_FAILURES = frozenset(
    {Trouble.READ_MISSING, Trouble.UNDECLARED_CALL, Trouble.LIMIT, Trouble.FIXED_CHANGED, Trouble.NOT_KEPT}
)


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


class Troubles:
    """The notes of one replay, in order; what is beyond the limit is counted."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.left_out = 0

    def note(
        self,
        trouble: Trouble,
        place: str,
        detail: str,
        position: int,
        asked_at: str | None = None,
        call: PortCall | None = None,
    ) -> None:
        """Add one."""
        if len(self.notes) < TROUBLES_KEPT_MAX:
            self.notes.append(Note(trouble, place, detail, position, asked_at, call))
        else:
            self.left_out += 1

    def of(self, trouble: Trouble) -> list[Note]:
        """The notes of one kind."""
        return [note for note in self.notes if note.trouble is trouble]

    @property
    def failures(self) -> list[Note]:
        """What makes the run one that could not be compared."""
        return [note for note in self.notes if note.trouble in _FAILURES]
