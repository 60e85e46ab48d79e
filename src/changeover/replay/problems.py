"""What went wrong in a replay, apart from what the comparison will find."""

from __future__ import annotations

from changeover.record.problem import Note, Trouble
from changeover.values.observation import PortCall

TROUBLES_KEPT_MAX = 100


_FAILURES = frozenset(
    {Trouble.READ_MISSING, Trouble.UNDECLARED_CALL, Trouble.LIMIT, Trouble.FIXED_CHANGED, Trouble.NOT_KEPT}
)


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
