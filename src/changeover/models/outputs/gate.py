"""`changeover gate` and `changeover status`: may a phase move, and where every phase stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, RootModel, Tag

from changeover.models.outputs.output import AnswerWord, Count, ExitCode, Output, Part, keys_of


class Criterion(Part):
    """One question of a gate."""

    name: str
    answer: AnswerWord
    required: str
    found: str
    detail: str
    do: str | None = Field(description="The command to type first where the answer is not pass.")


class GateAnswer(Part):
    """May this phase move to that stage?"""

    phase: str
    number: int
    from_: str = Field(alias="from", description="The stage it has, such as ramp:10.")
    to: str
    source: str | None = Field(description="The corpus that alone was asked; null where a step was.")
    answer: AnswerWord
    code: str | None
    rules: str
    evidence: str = Field(description="Digest over everything that was counted.")
    criteria: list[Criterion]
    not_counted: list[str] = Field(description="Evidence that was left aside, and why.")
    not_shown: list[str] = Field(description="What a pass does not show.")
    do_first: str | None
    exit_code: ExitCode


class GatePhaseOutput(GateAnswer, Output):
    """`changeover gate PHASE`."""


class GateScenariosOutput(Output):
    """`changeover gate --scenarios`: one answer for each phase."""

    gates: list[GateAnswer]


_OneOf = Annotated[
    Annotated[GatePhaseOutput, Tag("phase")] | Annotated[GateScenariosOutput, Tag("scenarios")],
    Discriminator(lambda content: "scenarios" if "gates" in keys_of(content) else "phase"),
]


class GateOutput(RootModel[_OneOf]):
    """The answer about one phase, or with --scenarios about several."""


class Checks(Part):
    """Check commands that passed on this code and these rules, of all."""

    passed: Count
    of: Count


class PhaseLine(Part):
    """Where one phase stands."""

    number: int
    name: str
    stage: str
    answers: Literal["legacy", "candidate", "both", "-"]
    distinct_in_corpora: Count
    distinct_in_production: Count
    checks: Checks | None
    next: str | None


class NextStep(GateAnswer):
    """The next step of a phase, and what it waits for."""

    waits: str | None
    only_waits: bool


class ProductionLine(Part):
    """What production showed of one phase on this code and these rules."""

    phase: str
    runs: Count
    match: Count
    tolerated: Count
    diverged: Count
    waived: Count
    vacuous: Count
    dropped: Count
    not_compared: Count
    since: str
    last: str


class StatusOutput(Output):
    """Where every phase stands, on what evidence, what is next, what blocks it."""

    problems: list[str]
    notices: list[str]
    phases: list[PhaseLine]
    next: list[NextStep]
    production: list[ProductionLine]
    production_on_other_code: Count
    flags: str
    soon: str | None
    go_back: str
    exit_code: ExitCode
