"""`flags.json`, `trips.json` and `history.jsonl`; `changeover flip`, `rollback`, `flags seal`, `history`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema, model_validator

from changeover.models.base import UNSET, FileTable, Text, refuse, said
from changeover.models.comparison import Output, Part
from changeover.models.readiness import GateAnswer
from changeover.values.stage import ALL_STAGES, RAMP_FINEST, Stage, parse_setting, ramp
from changeover.values.toml_table import shown

_PERCENT = {"type": "number", "minimum": RAMP_FINEST, "exclusiveMaximum": 100}


def _is_moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise said(f"was {shown(text)}, allowed: an ISO date and time") from None
    return text


def _is_moment_with_zone(text: str) -> str:
    if datetime.fromisoformat(_is_moment(text)).tzinfo is None:
        raise said(f"was {shown(text)}, allowed: a time with its zone, as 2026-11-20T20:45:03Z")
    return text


def _is_setting(text: str) -> str:
    try:
        parse_setting(text, ALL_STAGES)
    except ValueError as error:
        raise said(str(error)) from None
    return text


_Moment = Annotated[Text, AfterValidator(_is_moment), Field(json_schema_extra={"format": "date-time"})]
_Zoned = Annotated[
    Text, AfterValidator(_is_moment_with_zone), Field(json_schema_extra={"format": "date-time"})
]
_Setting = Annotated[Text, AfterValidator(_is_setting)]


class Seal(FileTable):
    """What makes the content one sealed state."""

    revision: Annotated[int, Field(ge=1)] = Field(description="Counts every change.")
    digest: Text = Field(description="Over the content; after a hand edit: changeover flags seal.")


class SeamVariants(FileTable):
    """The stages of a phase with seams, each its own value."""

    off: Literal["off"]
    shadow: Literal["shadow"]
    ramp: Literal["ramp"]
    live: Literal["live"]
    complete: Literal["complete"]


class CheckVariants(FileTable):
    """The stages of a phase of checks only, each its own value."""

    open: Literal["open"]
    done: Literal["done"]


class FlagMetadata(FileTable):
    """What belongs to the stage."""

    ramp_percent: Annotated[Any, WithJsonSchema(_PERCENT)] = Field(
        UNSET,
        description="While the stage is ramp: the share of keys that the candidate answers, in percent.",
    )


_Variants = Annotated[
    Annotated[SeamVariants, Tag("=0")] | Annotated[CheckVariants, Tag("=1")],
    Discriminator(lambda value: "=1" if isinstance(value, dict) and {"open", "done"} & set(value) else "=0"),
]


class Flag(FileTable):
    """One phase as a flagd flag."""

    state: Literal["ENABLED"] = Field(description="A flag is never switched off: its stage may be off.")
    variants: _Variants = Field(description="Exactly the stages that the phase may have.")
    defaultVariant: Stage = Field(strict=False, description="The stage of the phase.")  # noqa: N815  flagd's word
    targeting: Annotated[dict[str, Any], Field(max_length=0)] = Field(
        {}, description="Nothing: a stage holds for every run."
    )
    metadata: FlagMetadata = Field(UNSET, description="The percentage of a ramp.")

    @model_validator(mode="after")
    def _stage_is_a_variant(self) -> Flag:
        allowed = list(type(self.variants).model_fields)
        if self.defaultVariant not in allowed:
            found = f"was '{self.defaultVariant}', allowed: {', '.join(allowed)}"
            refuse([(("defaultVariant",), found)])
        if self.defaultVariant is Stage.RAMP:
            try:
                ramp(None if self.metadata is None else self.metadata.ramp_percent)
            except ValueError as error:
                refuse([(("metadata", "ramp_percent"), str(error))])
        return self


class FlagsFile(FileTable):
    """The stage of every phase. Written by changeover flip and rollback, sealed by its digest."""

    schema_: Text = Field(UNSET, alias="$schema", description="The schema of flagd.")
    metadata: Seal = Field(description="Revision and digest.")
    flags: dict[str, Flag] = Field(description="One flag for each phase.")


class Trip(FileTable):
    """The phase is at shadow for as long as flags.json has this revision or an older one."""

    phase: Text = Field(description="The phase that was moved back.")
    revision: Annotated[int, Field(ge=0)] = Field(description="Of flags.json when it tripped.")
    at: _Moment = Field(description="When.")
    reason: Text = Field(description="What was seen.")


class TripsFile(FileTable):
    """Where the tripwire writes when it cannot write flags.json."""

    schema_version: Literal[1] = Field(description="Of this file.")
    trips: list[Trip] = Field([], description="One for each phase that tripped.")


Action = Literal["flip", "kill", "repair", "rollback", "seal", "trip", "unkill"]


class HistoryLine(FileTable):
    """One line of the history: who moved what, when, why; keys that nobody knows are left alone."""

    model_config = ConfigDict(extra="allow")

    revision: Annotated[int, Field(ge=0)] = Field(description="Of flags.json after it.")
    action: Action = Field(description="What was done.")
    at: _Zoned = Field(description="When, in UTC.")
    who: Text = Field(description="Who did it.")
    phase: Text = Field(UNSET, description="The phase that moved; left out where none did.")
    from_: _Setting = Field(UNSET, alias="from", description="The stage it had, such as ramp:10.")
    to: _Setting = Field(UNSET, description="The stage it got.")
    reason: Text = Field(description="Why.")
    gate: Text = Field(
        UNSET, description="The verdict that allowed a step forward, or forced: and what it was."
    )
    evidence: Text = Field(UNSET, description="Digest of the evidence that the gate counted.")
    code: Text = Field(UNSET, description="Digest of the code that the evidence is about.")
    rules: Text = Field(UNSET, description="Digest of the rules that the evidence is about.")
    before: Text = Field(UNSET, description="Digest of flags.json before; refused where nobody may trust it.")
    after: Text = Field(UNSET, description="Digest of flags.json after.")


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
