"""What a seam showed under other orders of its events, and who is told meanwhile."""

from __future__ import annotations

from changeover.errors import ExitCode
from changeover.explore.exploration import Exploration
from changeover.quick_dataclass import dataclass
from changeover.values.gate_verdict import Answer


class ExploreListener:
    """Who is told how far it is; this one does nothing with it."""

    def begins(self, case: str, total: int) -> None:
        """Before the first schedule of a case."""

    def tried(self, exploration: Exploration) -> None:
        """After each one."""

    def ends(self) -> None:
        """After the last one of a case, however it ended."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What a seam showed under other orders of its events, case by case.

    `problem` says why it is not kept as evidence, None where it is, or was not to be. `offers_copies` says
    that ports could answer, beside the tape.
    """

    seam: str
    source: str
    code: str | None
    rules: str
    seed: int
    world: str
    explorations: tuple[Exploration, ...]
    seconds: float
    problem: str | None = None
    is_interrupted: bool = False
    offers_copies: bool = False

    @property
    def tried(self) -> int:
        """Schedules, of all cases."""
        return sum(one.tried for one in self.explorations)

    @property
    def divergences(self) -> int:
        """Schedules that differ."""
        return sum(one.unsafe + one.diverged for one in self.explorations)

    @property
    def not_compared(self) -> int:
        """Schedules that show nothing."""
        return sum(one.not_compared for one in self.explorations)

    @property
    def has_turns(self) -> bool:
        """Whether a bus asked for the order of its deliveries in every case."""
        return all(one.turns for one in self.explorations)

    @property
    def exit_code(self) -> int:
        """0 nothing differs, 1 something does, 3 not all was compared or explored, 130 interrupted."""
        if self.is_interrupted:
            return ExitCode.INTERRUPTED
        if self.divergences:
            return 1
        return 3 if self.not_compared or not self.has_turns else 0

    @property
    def answer(self) -> Answer:
        """What a gate makes of it."""
        return {0: Answer.PASS, 1: Answer.FAIL}.get(self.exit_code, Answer.INCONCLUSIVE)
