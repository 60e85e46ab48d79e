"""`changeover gate`, `status`, `legacy scan`, `legacy prove`: may a phase move, may legacy go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, RootModel, Tag

from changeover.models.comparison import (
    AnswerWord,
    Comparison,
    Count,
    ExitCode,
    Output,
    Part,
    Verdicts,
    keys_of,
)


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
    comparison: Comparison = Field(description="Of the scenarios, through both paths.")


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


class RecordedLine(Part):
    """What programs recorded for workers, and whether somebody watches."""

    recorded: Count = Field(description="The sum of waiting, replayed and dropped.")
    waiting: Count
    replayed: Count
    dropped: Count = Field(description="Lost before they could be replayed.")
    lag_s: float = Field(description="How old the oldest waiting run is.")
    seen_at: str | None = Field(description="When a worker was seen last.")
    unwatched: str | None = Field(description="Why nobody watches, as a sentence.")


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
    recorded: RecordedLine | None = Field(description="null where no program records for a worker.")
    exit_code: ExitCode


class Importer(Part):
    """A module that imports one that goes."""

    module: str
    file: str
    line: int
    imported: str
    through: list[str] = Field(description="The chain from it to a legacy package.")


class Use(Part):
    """One place that uses legacy."""

    file: str
    line: int
    how: Literal["imports", "instantiates", "calls", "names"]
    name: str


class CodeScan(Part):
    """What the code says."""

    gone: Count = Field(description="Modules that go.")
    looked_at: Count
    importers: list[Importer]
    uses: list[Use]
    mended: list[str] = Field(description="Files that the removal's patch changes.")
    unread: list[str]
    open_files: list[str] = Field(description="Files that would break.")


class LegacyEntry(Part):
    """One seam as a way into legacy."""

    seam: str
    phase: str
    stage: str
    legacy_answers: bool
    runs: Count
    last: str | None
    last_stage: str | None


class LegacyScanOutput(Output):
    """Who still needs the old code."""

    legacy: list[str]
    code: CodeScan
    entries: list[LegacyEntry]
    production: str = Field(description="What production has to say, in a sentence.")


class CheckResult(Part):
    """How one command ended."""

    command: str
    answer: AnswerWord
    found: str
    tail: list[str]
    seconds: float


class Rehearsal(Part):
    """The deletion in a scratch copy."""

    copied: Count
    deleted: Count
    patched: Count
    checks: list[CheckResult]
    astray: str | None = Field(description="Why the checks would test other code.")
    answer: AnswerWord


class Alone(Part):
    """The kept scenarios with the candidate alone."""

    blocked: bool = Field(description="Whether legacy could not even be imported.")
    verdicts: Verdicts
    differing: list[str]
    not_compared: list[str]
    missing: list[str]
    called: list[str] = Field(description="Calls of legacy that were refused.")
    problem: str | None
    answer: AnswerWord


class LegacyProveOutput(Output):
    """Does everything pass without it."""

    answer: AnswerWord
    rehearsal: Rehearsal
    scenarios: Alone
    copy_: str | None = Field(alias="copy", description="Where the scratch copy was left.")
