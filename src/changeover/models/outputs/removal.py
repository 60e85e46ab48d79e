"""`changeover legacy scan` and `changeover legacy prove`: does anybody need the old code."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from changeover.models.outputs.output import AnswerWord, Count, Output, Part, Verdicts


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
    how: Literal["imports", "instantiates", "calls"]
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
