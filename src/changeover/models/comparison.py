"""`changeover compare` and `changeover diff`; what all outputs share."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from changeover.values.divergence import Kind
from changeover.values.gate_verdict import Answer
from changeover.values.observation import Side
from changeover.values.verdict import Verdict

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


class Divergence(Part):
    """One difference: legacy first, then candidate, whichever of them answered."""

    place: str = Field(description="Such as result.items[3].quantity or effects.broker.submit[SPY].quantity.")
    kind: KindWord
    detail: KindWord | None = Field(description="How an argument of an effect differs.")
    legacy: Json = Field(description='The value, or {"absent": true}, or {"not kept": why}.')
    candidate: Json = Field(description="Likewise.")
    texts: list[str] = Field(min_length=2, max_length=2, description="Both values as screens show them.")
    position: int | None = Field(description="On the tape, of the first call it shows at.")
    consequence_of: str | None = Field(description="The place that led to it, where that is known.")


class SourceLines(Part):
    """A place in the code of each path, such as src/shop/orders.py:41, from the folder of the project."""

    legacy: str | None
    candidate: str | None


class SmallestExample(Divergence):
    """The divergence in the smallest run that has it."""

    run: str


class Tally(Part):
    """runs = match + tolerated + waived + diverged + not_compared; the unsafe ones are among the diverged."""

    phase: str
    runs: Count
    match: Count
    tolerated: Count
    waived: Count
    diverged: Count
    unsafe: Count
    not_compared: Count
    verdicts: Verdicts


class EffectLine(Part):
    """One method of a port: what was performed, and what the replayed path asked for."""

    name: str
    performed: Count
    asked: Count
    equal: Count
    changed: Count
    only_performed: Count
    only_asked: Count
    refused: Count


class LoggedByOne(Part):
    """A warning or worse that only one path logged."""

    side: SideWord
    level: str
    source: str = Field(description="The logger.")
    text: str


class Cluster(Part):
    """All divergences of one place, kind and pattern at one seam."""

    id: str
    seam: str
    place: str
    kind: KindWord
    pattern: str
    unsafe: bool = Field(description="Whether an effect differs, or a path may act a second time.")
    runs: Count
    reachable: Count = Field(description="Runs that could differ here.")
    smallest: SmallestExample
    source_lines: SourceLines = Field(
        description="In the smallest run: of the call or the raise; else where the path is defined."
    )
    sighting: str | None = Field(description="Where the candidate's value was seen before, where it was.")
    logged: list[LoggedByOne] = Field(
        description="What only one path logged in the first run that differs here."
    )
    always_with: list[str] = Field(description="Clusters that every run with this one has as well.")
    root: str | None = Field(description="The cluster that this one never occurs without.")


class Question(Part):
    """A call of a port, and the line of code that made it."""

    asked: str
    asked_at: str | None


class Advice(Part):
    """What would answer a question that the recorded path never asked, with the line to add."""

    way: Literal["derive", "supplement", "fixed"]
    line: str


class NotCompared(Part):
    """Runs of one seam that could not be compared for one reason, with the two questions of the first."""

    seam: str
    reason: str
    place: str
    detail: str
    runs: Count
    example: str
    legacy: Question | None
    candidate: Question | None
    advice: Advice | None = Field(description="What would answer the question, where one was not answered.")
    logged: list[LoggedByOne] = Field(description="By one path alone, in the first of the runs.")


class MoreShown(Part):
    """How runs that failed after a question without an answer would be compared all the same."""

    remedy: Literal["copy", "offer-copy", "answer"]
    ports: list[str] = Field(description="Of which the questions were asked.")
    runs: Count
    command: str | None = Field(description="What to type; null where a port has to offer copies first.")


class AcceptedByRule(Part):
    """What one rule accepted."""

    path: str
    reason: str
    runs: Count
    hits: Count
    tolerated_runs: Count
    largest: str | None = Field(description="The largest difference that it accepted, as a decimal.")
    until: str | None


class WaiverUse(Part):
    """What one waiver covers."""

    cluster: str
    owner: str
    reason: str
    until: str
    runs: Count
    expired: bool


class OneSidedRead(Part):
    """A read that one path asks for in most runs and the other never."""

    seam: str
    method: str
    asked_by: SideWord
    runs: Count
    of: Count


class Unvaried(Part):
    """An argument or a part of a read that had one value in all compared runs that have it."""

    seam: str
    place: str = Field(
        description="Such as arguments.ignore_market_hours or reads.market.quote.answer.currency."
    )
    value: str = Field(description="As screens show it.")
    runs: Count = Field(description="Compared runs that have it.")
    of: Count = Field(description="Compared runs of the seam.")


class GaveNothing(Part):
    """How often the answering path of a seam raised or gave nothing, in all runs that it answered."""

    seam: str
    runs: Count
    answered: Count
    compared: Count


class OwnTime(Part):
    """Seconds of each path, time in ports left out."""

    legacy: float
    candidate: float


class OwnTimes(Part):
    """Median and 95th percentile over all outermost runs; null where none was measured."""

    p50: OwnTime | None
    p95: OwnTime | None


class RateBound(Part):
    """The share of differing runs is below this with that confidence; null where nothing can be said."""

    confidence: float
    below: float | None


class Comparison(Part):
    """One source run through both paths."""

    migration: str
    code: str | None = Field(description="Digest of the code; null where the plan names no packages.")
    rules: str = Field(description="Digest of the rules.")
    source: str
    answered_by: SideWord = Field(description="The path that ran for real.")
    copied: list[str] = Field(description="Ports whose copies the other path acted on.")
    noise: bool = Field(description="Whether the answering path was replayed itself.")
    stopped: Literal["interrupted", "fail-fast"] | None = Field(description="Why it ended before its source.")
    cases: Count
    silent_cases: Count = Field(description="Cases that passed no seam.")
    seams: dict[str, Tally]
    defined_at: dict[str, SourceLines] = Field(description="By seam, where both paths are defined.")
    total: Tally
    effects: list[EffectLine]
    clusters: list[Cluster] = Field(description="In the order in which a run meets them.")
    not_compared: list[NotCompared]
    would_show_more: list[MoreShown]
    accepted: list[AcceptedByRule]
    waivers: list[WaiverUse]
    unused_rules: list[str] = Field(description="Paths of rules that accepted nothing.")
    one_sided_reads: list[OneSidedRead]
    unvaried: list[Unvaried] = Field(
        description="What never varied, at most 100: whatever depends on it is not shown."
    )
    reference_gave_nothing: list[GaveNothing] = Field(
        description="Seams whose answering path gave nothing in most of the compared runs."
    )
    reference_gave_up: list[str] = Field(description="Seams whose answering path gave nothing every time.")
    tags: dict[str, int]
    missing_tags: list[str] = Field(description="Tags that a gate requires and no case had.")
    own_time_s: OwnTimes
    distinct_worlds: Count = Field(description="Distinct inputs: arguments and read answers, counted once.")
    distinct_diverged: Count
    rate_bound: RateBound
    exit_code: ExitCode


class CompareOutput(Output):
    """One comparison a source, in the order in which they were asked for."""

    comparisons: list[Comparison]


class RowCluster(Part):
    """All divergences of one place, kind and pattern; `rows` counts keys."""

    id: str
    place: str
    kind: KindWord
    pattern: str
    rows: Count
    smallest: Divergence


class DiffOutput(Output):
    """old_rows = equal + differing + only_old + not_compared, and likewise for the new file."""

    old_rows: Count
    new_rows: Count
    equal: Count
    differing: Count
    only_old: Count
    only_new: Count
    not_compared: Count
    repeated: Count = Field(description="Rows beyond the first of their key.")
    left_out: Count = Field(description="Divergences beyond those that are listed.")
    divergences: list[Divergence]
    clusters: list[RowCluster]
