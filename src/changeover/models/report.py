"""`changeover report --format json`: what the page is made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from changeover.models.comparison import (
    AnswerWord,
    Count,
    KindWord,
    Output,
    Part,
    SideWord,
    Stored,
    Verdicts,
    VerdictWord,
)
from changeover.models.evidence import ClusterBody, ClusterExample, RunBody
from changeover.models.readiness import Criterion
from changeover.values.gate_verdict import CriterionKind

Word = Literal["UNSAFE", "diverged", "inconclusive", "match"]


class Headline(Part):
    """The one sentence at the top."""

    word: Word
    count: Count
    sentence: str
    detail: str
    logged: str = Field(
        description="The first warning or worse of the replayed path alone in the example; else empty."
    )


class VerdictCounts(Part):
    """runs = match + tolerated + waived + diverged + not_compared; the unsafe ones are among the diverged."""

    runs: Count
    match: Count
    tolerated: Count
    waived: Count
    diverged: Count
    unsafe: Count
    not_compared: Count


class StageSetting(Part):
    """A stage, and while it is ramp the percentage of keys that the candidate answers."""

    stage: str
    percent: float


class SeamCounts(Part):
    """Verdicts of one seam in one comparison."""

    phase: str
    verdicts: Verdicts
    gave_up: Count


class EffectCounts(Part):
    """One method of a port in one comparison."""

    name: str
    performed: Count
    asked: Count
    equal: Count
    changed: Count
    refused: Count


class KeptCluster(Part):
    """One finding as it was met last."""

    digest: str
    seam: str
    place: str
    kind: KindWord
    pattern: str
    unsafe: bool
    runs: Count
    state: Literal["new", "open", "fixed", "regressed"]
    body: ClusterBody
    examples: list[ClusterExample] = Field(description="At most 6, the smallest run first.")
    runs_read: Count = Field(description="So many of its runs were looked at for the examples.")


class Summary(Stored):
    """What else is kept of a comparison; how much depends on the version that kept it."""


class KeptCorpus(Part):
    """One comparison over a source."""

    number: int
    at: str
    source: str
    population: str
    code: str | None
    rules: str
    whole: bool
    partial: bool
    answered_by: SideWord
    seams: dict[str, SeamCounts]
    tags: dict[str, int]
    distinct_worlds: Count
    distinct_diverged: Count
    damaged: list[str]
    effects: list[EffectCounts]
    clusters: list[KeptCluster]
    own_times: dict[str, list[float]] = Field(description="By phase: p95 of legacy and candidate in seconds.")
    summary: Summary


class OtherCorpus(Part):
    """The latest comparison of another source, in one word."""

    number: int
    source: str
    word: Word


class PhaseStanding(Part):
    """One phase and its stage now."""

    number: int
    name: str
    title: str
    setting: StageSetting
    seams: list[str]


class PageRun(Part):
    """One run of the comparison; `body` is null where only its verdict was kept."""

    name: str
    seam: str
    verdict: VerdictWord
    period: str
    body: RunBody | None


class PageCriterion(Criterion):
    """One question of a gate, and what it asks about."""

    kind: Annotated[CriterionKind, Field(strict=False)]
    required_phase: str | None = Field(description="The other phase that `requires` asks about.")


class PageGate(Part):
    """One answered gate."""

    phase: str
    number: int
    old: StageSetting
    new: StageSetting
    code: str | None
    rules: str
    evidence: str
    criteria: list[PageCriterion]
    not_counted: list[str]
    not_shown: list[str]
    source: str | None


class PageMove(Part):
    """One line of the history."""

    revision: int
    action: str
    at: str
    who: str
    reason: str
    before: str | None
    after: str | None
    phase: str | None
    old: str | None
    new: str | None
    gate: str | None
    evidence: str | None
    code: str | None
    rules: str | None


class Review(Part):
    """Something that was looked at once on this code and these rules."""

    kind: Literal["blind-spots", "check", "doctor"]
    name: str
    at: str
    code: str | None
    rules: str
    answer: AnswerWord
    found: str
    body: dict[str, Any]


class ClusterChange(Part):
    """One cluster that is not as the last report said it."""

    digest: str
    seam: str
    place: str
    fate: Literal["new", "no longer found", "not compared again", "in more runs"]
    runs: list[int] = Field(min_length=2, max_length=2, description="Then and now.")


class Moved(Part):
    """Something that was one thing and is another, such as `gate of trading`."""

    what: str
    was: str
    now: str


class Changes(Part):
    """What has changed since the last report."""

    since: str
    moved: list[Moved]
    clusters: list[ClusterChange]
    new_runs: Count = Field(description="In production on this code.")
    newly_differing: Count


class StripColumn(Part):
    """The runs in production that began in one hour, day or week."""

    begins: str
    label: str
    verdicts: dict[str, int]


class StripMark(Part):
    """A flip, a trip or a switch, or a comparison; `x` is where it stands in a drawing 1,000 wide."""

    x: float
    at: str
    word: str
    text: str


class ProductionStrip(Part):
    """Production over time."""

    step: Literal["hour", "day", "week"]
    columns: list[StripColumn]
    moves: list[StripMark]
    compared: list[StripMark]
    before: Count = Field(description="Runs before the first column.")
    moves_left_out: Count


class ReportOutput(Output):
    """Everything that the page says, and the sums it shows."""

    headline: Headline
    title: str
    worst_cluster: str | None
    counts: dict[str, VerdictCounts]
    total: VerdictCounts
    not_shown: list[str]
    migration: str
    made_at: str
    code: str | None
    rules: str
    corpus: KeptCorpus
    others: list[OtherCorpus]
    phases: list[PhaseStanding]
    problems: list[str]
    example: PageRun | None
    runs: list[PageRun]
    gates: list[PageGate]
    history: list[PageMove]
    blind_spots: list[Review]
    changes: Changes | None = Field(description="Null where no report was written before.")
    strip: ProductionStrip | None = Field(
        description="Null where nothing ran in production and nothing was moved."
    )
    unavailable: dict[str, str] = Field(description="Parts that are not there (`gates`), and why.")
