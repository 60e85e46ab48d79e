"""The answer to "may this phase move to that stage?", criterion by criterion."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from changeover.quick_dataclass import dataclass
from changeover.values.stage import Setting


class Answer(StrEnum):
    """Three answers, not two; declared from best to worst."""

    PASS = "pass"  # noqa: S105  an answer, not a password
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


def worst(answers: Iterable[Answer]) -> Answer:
    """Fail where one of them is, else inconclusive where one is; of none nothing was shown."""
    return max(answers, key=list(Answer).index, default=Answer.INCONCLUSIVE)


EXIT_CODES = {Answer.PASS: 0, Answer.FAIL: 1, Answer.INCONCLUSIVE: 3}


class CriterionKind(StrEnum):
    """What a criterion asks about, where a reader of the verdict treats it apart."""

    FLAGS = "flags"
    KILL_SWITCH = "kill-switch"
    REQUIRES = "requires"
    EVIDENCE = "evidence"


_GAP = "    "


def command_and_purpose(do: str) -> tuple[str, str]:
    """The command of a criterion, which is pasted as it is, and what it is for, which may be empty."""
    command, _, purpose = do.partition(_GAP)
    return command, purpose


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of a gate. `do` is the command to type first, kept only where the answer is not pass.

    Four blanks stand in it between the command and what that is for, where it says so.
    `required_phase` names the other phase that `REQUIRES` asks about. Name, found and detail are for people.
    """

    name: str
    answer: Answer
    required: str
    found: str
    do: str | None = None
    detail: str = ""
    kind: CriterionKind = CriterionKind.EVIDENCE
    required_phase: str | None = None

    def __post_init__(self) -> None:
        if self.answer is Answer.PASS:
            object.__setattr__(self, "do", None)


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The answer to "may this phase move to that stage?".

    `not_counted` says what evidence was left aside and why, `not_shown` what a pass does not show. `evidence`
    is a digest over everything that was counted. `source` names the corpus that alone was asked, where no
    step was: the compatibility gate of a committed set of scenarios.
    """

    phase: str
    number: int
    old: Setting
    new: Setting
    code: str | None
    rules: str
    evidence: str
    criteria: tuple[Criterion, ...]
    not_counted: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    source: str | None = None

    @property
    def title(self) -> str:
        """The question: `trading -> live`, or `trading on scenarios`."""
        return f"{self.phase} -> {self.new}" if self.source is None else f"{self.phase} on {self.source}"

    @property
    def answer(self) -> Answer:
        """Fail where one criterion fails, else inconclusive where one could not tell; none is no pass."""
        return worst(criterion.answer for criterion in self.criteria)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer]

    @property
    def do_first(self) -> str | None:
        """The first thing to do: for what fails before what could not tell."""
        worst_first = sorted(self.criteria, key=lambda one: one.answer is not Answer.FAIL)
        return next((one.do for one in worst_first if one.do is not None), None)
