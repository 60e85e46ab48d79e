"""What kept a replay from going on as the recorded path did, apart from what the comparison will find."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from changeover.quick_dataclass import dataclass
from changeover.values.observation import PortCall

PROBLEMS_KEPT_MAX = 100
QUEUE = "queue"
"""The place of what a path gave to a thread or task that is no part of the run."""


class ProblemKind(StrEnum):
    """Why a replay says less than a real run would have."""

    READ_MISSING = "read-missing"
    UNDECLARED_CALL = "undeclared-call"
    UNDECLARED_EFFECT = "undeclared-effect"
    EFFECT_WITHHELD = "effect-extra"
    INEXACT = "inexact"
    LEFT_RUNNING = "left-running"
    LIMIT = "limit"
    FIXED_CHANGED = "fixed-changed"
    NOT_KEPT = "not-kept"
    RECORD_CHANGED = "no-longer-does-what-was-recorded"
    OTHER_CODE = "recorded-by-other-code"
    OBJECT_CHANGED = "object-changed"


_FAILURES = frozenset(
    {
        *(ProblemKind.READ_MISSING, ProblemKind.UNDECLARED_CALL, ProblemKind.LIMIT),
        *(ProblemKind.FIXED_CHANGED, ProblemKind.NOT_KEPT, ProblemKind.OBJECT_CHANGED),
        *(ProblemKind.RECORD_CHANGED, ProblemKind.OTHER_CODE),
    }
)


@dataclass(frozen=True, slots=True)
class ReplayProblem:
    """One of them: where (port.method, or the event), what was asked, after which of the path's calls."""

    kind: ProblemKind
    place: str
    detail: str
    position: int
    asked_at: str | None = None
    call: PortCall | None = None

    @property
    def is_failure(self) -> bool:
        """Whether it makes the run one that could not be compared."""
        return self.kind in _FAILURES

    def __str__(self) -> str:
        asked = f" ({self.asked_at})" if self.asked_at else ""
        return f"{self.kind}: {self.place}: {self.detail}{asked}"


@dataclass(slots=True)
class ReplayProblems:
    """Those of one replay, in order; what is beyond the limit is counted."""

    all: list[ReplayProblem] = field(default_factory=list)
    left_out: int = 0

    def add(self, problem: ReplayProblem) -> None:
        """Take one more, or count it."""
        if len(self.all) < PROBLEMS_KEPT_MAX:
            self.all.append(problem)
        else:
            self.left_out += 1

    def again(self) -> ReplayProblems:
        """The same ones, in a list of their own."""
        return ReplayProblems([*self.all], self.left_out)

    @property
    def failures(self) -> list[ReplayProblem]:
        """What makes the run one that could not be compared."""
        return [problem for problem in self.all if problem.is_failure]
