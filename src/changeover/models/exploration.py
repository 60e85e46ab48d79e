"""`changeover explore`: what the candidate showed under other orders of its events."""

from __future__ import annotations

from pydantic import Field

from changeover.models.comparison import Count, Json, KindWord, Output, Part


class FailingSchedule(Part):
    """A cluster, and the smallest schedule that shows it."""

    id: str
    place: str
    kind: KindWord
    unsafe: bool = Field(description="Whether an effect differs, or a path may act a second time.")
    legacy: Json
    candidate: Json
    schedules: Count = Field(description="In how many it was the worst that differs.")
    schedule: str = Field(description="As `--schedule` takes it; empty where the usual order shows it too.")
    events: list[str] = Field(description="What is not as usual in it, turn by turn.")
    again: str = Field(description="What replays it.")


class NotCompared(Part):
    """Schedules that show nothing, by the reason."""

    reason: str
    schedules: Count


class Exploration(Part):
    """One case: the sum of match, unsafe, diverged and not_compared is tried."""

    case: str
    tried: Count
    match: Count
    unsafe: Count
    diverged: Count
    not_compared: Count
    turns: Count = Field(description="The most deliveries that one replay had.")
    orders: Count | None = Field(
        description="All there are; null where these are more than half of what was to be tried."
    )
    with_one: Count | None = Field(
        description="The orders, and each once more for every delivery twice and every restart; null where "
        "these were too many."
    )
    drawn: Count = Field(description="Schedules that were drawn by the seed.")
    restarts: bool = Field(description="Whether the bus can restart.")
    reasons: list[NotCompared]
    found: list[FailingSchedule] = Field(description="The worst first.")
    not_shrunk: Count = Field(description="Further clusters.")


class ExploreOutput(Output):
    """`changeover explore`."""

    seam: str
    source: str
    code: str | None
    rules: str
    seed: int
    world: str
    tried: Count
    divergences: Count
    not_compared: Count
    exhaustive: bool
    explorations: list[Exploration]
    seconds: float
    exit_code: int
