"""What every command may print with `--format json` in place of a result of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from changeover.errors import FailureKind
from changeover.models.comparison import Json, Output, Part, Word

FailureWord = Annotated[FailureKind, Word]


class Failed(Part):
    """Why a command gave no result."""

    kind: FailureWord = Field(description="What kind of failure it was.")
    message: str = Field(description="The whole sentence, as standard error has it.")
    where: str | None = Field(
        description="The option, argument, file or line it is about; null where it is none."
    )
    allowed: list[str] | None = Field(
        description="What may stand there; null where it is no choice among names."
    )
    do: str | None = Field(description="What to type or to do about it.")
    exit_code: Literal[2, 3, 70, 130] = Field(description="Of the command.")


class ErrorOutput(Output):
    """A command that gave no result, whichever it was."""

    error: Failed


class DoneOutput(Output):
    """How a command ended that has no JSON of its own."""

    command: str = Field(description="Its words, such as `alerts list`.")
    exit_code: int
    lines: list[str] = Field(description="What it prints as text.")


class SwitchOutput(Output):
    """The kill switch, as `kill` or `unkill` left it."""

    is_on: bool
    file: str
    changed: bool = Field(description="False where it stood so already.")
    dry_run: bool
    undo: str | None = Field(description="The command that takes it back; null where nothing was changed.")
    caveat: str | None = Field(description="What kills all the same.")


class NamedSchema(Part):
    """The schema of a file or of an output; itself only where one was asked for."""

    name: str
    about: str
    json_schema: Json = Field(default=None, description="The JSON Schema (draft 2020-12).")


class SchemaOutput(Output):
    """The schemas there are, or the one that was asked for."""

    schemas: list[NamedSchema]
    written: list[str] = Field(description="The files that were written.")


class ManualTopic(Part):
    """One page of the manual; its text only where that page was asked for."""

    name: str
    kind: str
    about: str
    text: str = Field(default="", description="Markdown.")


class DocsOutput(Output):
    """The topics of the manual, or the page that was asked for."""

    topics: list[ManualTopic]
    opened: str | None = Field(description="The page that a browser was told to show.")


class CompletionOutput(Output):
    """What lets a shell complete the command."""

    shell: str
    script: str
    install: str = Field(description="The line that makes it permanent.")
