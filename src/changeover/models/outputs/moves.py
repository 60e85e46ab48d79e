"""`changeover flip`, `rollback`, `flags seal` and `history`: who moved what, when, why."""

from __future__ import annotations

from pydantic import Field

from changeover.models.outputs.gate import GateAnswer
from changeover.models.outputs.output import Output, Part
from changeover.models.state import HistoryLine


class MovedOutput(Output):
    """What was moved, or in a dry run what would be; empty where nothing was."""

    dry_run: bool
    revision_before: int
    moved: list[HistoryLine]


class FlipOutput(Output):
    """One step of a phase; `moved` is null where the gate refused, or where the phase stood there already."""

    phase: str
    from_: str = Field(alias="from")
    to: str
    dry_run: bool
    moved: HistoryLine | None
    revision_before: int
    gate: GateAnswer | None = Field(description="Null where the gate was not asked.")
    undo: str | None = Field(description="The command that takes it back.")


class Finding(Part):
    """What is wrong, and what mends it; `line` is null where it is about flags.json as it is now."""

    line: int | None
    finding: str
    repair: str


class Agreement(Part):
    """Whether flags.json and history.jsonl agree."""

    agrees: bool
    revision: int
    findings: list[Finding]
    known: list[Finding] = Field(description="Found before, and repaired by a later line.")


class HistoryOutput(Output):
    """The latest lines of the history."""

    entries: list[HistoryLine]
    damaged: list[str]
    agreement: Agreement
