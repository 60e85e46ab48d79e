"""`changeover worker`: what it has replayed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from changeover.models.comparison import Count, Output


class WorkerOutput(Output):
    """`changeover worker`, when it ends."""

    recorded: Count = Field(description="The sum of replayed, waiting and dropped.")
    replayed: Count
    waiting: Count
    dropped: Count = Field(description="Lost before they could be replayed.")
    failed: Count = Field(description="Replayed, and not compared.")
    differing: Count = Field(description="Replayed, and not alike.")
    lag_s: Annotated[float, Field(ge=0)] = Field(
        description="How old the oldest waiting run is; where none waits, how old the last was when judged."
    )
    isolation: list[str] = Field(
        description="What kept replays from the world: net, limits, landlock, seccomp."
    )
    problems: list[str]
