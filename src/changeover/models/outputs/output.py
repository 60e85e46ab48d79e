"""What the outputs share: objects that have exactly their fields, and words of closed sets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from changeover.values.divergence import Kind, Verdict
from changeover.values.gate_verdict import Answer
from changeover.values.observation import Side

Word = Field(strict=False)
AnswerWord = Annotated[Answer, Word]
SideWord = Annotated[Side, Word]
VerdictWord = Annotated[Verdict, Word]
KindWord = Annotated[Kind, Word]
Verdicts = dict[VerdictWord, int]
Count = Annotated[int, Field(ge=0)]
ExitCode = Literal[0, 1, 3]
Json = Any


class Part(BaseModel):
    """An object inside an output; every field is there unless it says otherwise."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Output(Part):
    """All that a command prints."""

    schema_version: Literal[1] = Field(description="Of all outputs together; it grows when a field goes.")


class Stored(BaseModel):
    """What the store has kept, as it was kept: another version may have kept more."""

    model_config = ConfigDict(strict=True, extra="allow")


def keys_of(content: Any) -> Collection[str]:
    """The keys of an output that is read, or of one that is written."""
    return content.model_fields_set if isinstance(content, BaseModel) else content
