"""`changeover explain`; and the smaller commands: rules, scenarios, evidence, waivers, the doctor."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, RootModel, Tag

from changeover.models.comparison import (
    AnswerWord,
    Count,
    Divergence,
    Json,
    KindWord,
    Output,
    Part,
    SideWord,
    Stored,
    VerdictWord,
    keys_of,
)

WhyWord = Literal["smallest run", "first", "latest", "largest change", "smallest change", "another"]


class KeptComparison(Part):
    """The comparison that a cluster was met in last."""

    at: str
    source: str
    code: str | None
    rules: str


class Example(Stored):
    """One run that has the divergence."""

    run: str
    size: int
    divergence: Divergence


class ClusterBody(Stored):
    """One cluster; `number` counts them in the order in which a run meets them."""

    id: str
    number: int
    seam: str
    place: str
    kind: KindWord
    pattern: str
    unsafe: bool
    runs: Count
    occurrences: Count
    reachable: Count
    first: Example
    last: Example
    smallest: Example
    always_with: list[str]
    root: str | None
    sighting: str
    answered_by: SideWord


class Returned(Part):
    """What a call gave."""

    returned: Json


class Raised(Part):
    """What a call raised."""

    raised: str
    message: str
    raised_at: str | None = Field(default=None, description="The line of the program that raised it.")


class Call(Stored):
    """One call of a port."""

    class_: str = Field(alias="class", description="`read` or `EFFECT`.")
    name: str
    key: Json
    arguments: Json
    answer: Returned | Raised
    position: int
    asked_at: str | None


class LoggedLine(Stored):
    """What a path logged, printed or warned of; `source` is the logger."""

    level: str
    source: str
    text: str


class EventStepBody(Stored):
    """What happened on a declared bus: an event was published, delivered to a handler, or handled."""

    point: str = Field(description="`published`, `delivered`, `handled`, or `failed`: the handler raised.")
    bus: str
    event_id: str
    type: str
    position: int = Field(description="Of the next port call of the path.")
    correlation_id: str | None = None
    causation_id: str | None = Field(default=None, description="The event that caused it.")
    handler: str | None = Field(default=None, description="Left out where it was published.")
    content: Json = Field(default=None, description="What it carries, where it was published.")
    again: bool = Field(default=False, description="The bus delivered it before, and again on purpose.")
    both: bool = Field(default=False, description="Both paths are declared to publish this type.")


class ObservationBody(Stored):
    """What one path left behind."""

    outcome: Returned | Raised
    calls: list[Call]
    own_time_s: float | None
    inputs_mutated: bool
    changed: dict[str, Json] = Field(
        default={}, description="After the call, where either path changed it: `self`, `arguments` by name."
    )
    logged: list[LoggedLine] = Field(default=[], description="Left out where it is empty.")
    events: list[EventStepBody] = Field(default=[], description="In order; left out where it is empty.")


class SeenDivergence(Divergence):
    """A divergence, and where the candidate's value was seen before."""

    sighting: str | None


class RunBody(Stored):
    """One run as it was kept whole."""

    answered_by: SideWord
    stage: str
    tags: list[str]
    reason: str | None
    arguments: Json
    legacy: ObservationBody | None
    candidate: ObservationBody | None
    divergences: list[SeenDivergence]
    notes: list[str]
    isolation: list[str] = Field([], description="Of a worker's replay: net, limits, landlock, seccomp.")


class NamedRun(Part):
    """One passage through a seam; `run` is null where only the verdict was kept."""

    id: str
    name: str
    seam: str
    verdict: VerdictWord
    run: RunBody | None


class ClusterExample(Part):
    """One run of a cluster, and why it is among the examples."""

    run: str
    why: list[WhyWord]
    at: str | None = Field(description="When the run was; null where nobody knows.")
    asked_at: dict[SideWord, str | None] = Field(
        description="The line of each path that made the effect, or that raised."
    )
    divergence: SeenDivergence


class WhyNotCompared(Part):
    """Why runs of a seam could not be compared."""

    seam: str
    reason: str
    runs: Count
    example: str = Field(description="One of these runs, for `changeover explain`; empty where none is kept.")


class OtherClusters(Part):
    """What else differs on today's code, or could not be compared."""

    comparison: KeptComparison
    clusters: list[ClusterBody]
    not_compared: list[WhyNotCompared] = Field(description="The most frequent reason first.")


class ClustersOutput(Output):
    """`changeover explain`: the clusters of production or of the comparison that says the worst."""

    comparison: KeptComparison
    clusters: list[ClusterBody]
    not_compared: list[WhyNotCompared] = Field(description="The most frequent reason first.")
    others: list[OtherClusters]


class SourceStanding(Part):
    """One source on today's code."""

    source: str
    at: str
    runs: Count
    found_in: Count = Field(description="Of these runs so many have the cluster.")
    word: Literal["UNSAFE", "diverged", "inconclusive", "match"]


class ClusterOutput(Output):
    """`changeover explain CLUSTER`: one cluster, with the smallest run that has it where that was kept."""

    cluster: ClusterBody
    comparison: KeptComparison
    below: list[str] = Field(description="Clusters that never occur without this one.")
    run: RunBody | None
    examples: list[ClusterExample] = Field(description="At most 6, the smallest run first.")
    runs_read: Count = Field(description="So many of its runs were looked at for the examples.")
    rule: str | None = Field(
        description="A [[rule]] to paste that would accept it; null where none is offered."
    )
    why_no_rule: str | None = Field(description="Why none is offered.")
    sources: list[SourceStanding] = Field(
        description="Everything that speaks about today's code: production beside comparisons."
    )


class RunsOutput(Output):
    """`changeover explain SOURCE/CASE`: every passage of a case through a seam."""

    runs: list[NamedRun]


def _form(content: Any) -> str:
    return next((key for key in ("cluster", "clusters") if key in keys_of(content)), "runs")


_OneOf = Annotated[
    Annotated[ClustersOutput, Tag("clusters")]
    | Annotated[ClusterOutput, Tag("cluster")]
    | Annotated[RunsOutput, Tag("runs")],
    Discriminator(_form),
]


class ExplainOutput(RootModel[_OneOf]):
    """The latest clusters, one cluster, or the runs of one case."""


class RuleProblem(Part):
    """One thing that is wrong with rules.toml."""

    line: int | None
    problem: str


class RulesCheckOutput(Output):
    """`changeover rules check`."""

    file: str
    problems: list[RuleProblem]
    digest: str | None = Field(description="Of the rules; null where they are wrong.")


class BlindSpot(Part):
    """A place whose change was not noticed."""

    seam: str
    place: str
    change: str
    hidden_by: list[str] = Field(description="Paths of the rules that hide it.")
    effect: bool
    times: Count
    accepted: bool
    reason: str | None


class SeamPlace(Part):
    """A place of a seam."""

    seam: str
    place: str


class BlindSpotsOutput(Output):
    """`changeover rules blindspots`."""

    answer: AnswerWord
    phases: list[str]
    tried: Count
    unnoticed: Count
    effects: Count
    blind_spots: list[BlindSpot]
    not_looked_at: list[str] = Field(description="Seams that no run crossed.")
    accepted_and_not_met: list[SeamPlace]


class Scenario(Part):
    """One scenario that is kept."""

    id: str
    seam: str
    tags: list[str]
    calls: Count


class ScenariosListOutput(Output):
    """`changeover scenarios list`."""

    scenarios: list[Scenario]
    damaged: list[str]


class TapeCall(Part):
    """One call on the tape of a scenario, in the order in which they began."""

    position: int
    class_: str = Field(alias="class", description="`read` or `EFFECT`.")
    name: str
    text: str = Field(description="The call with its arguments, as screens show it.")


class ScenariosShowOutput(Output):
    """`changeover scenarios show`: values as screens show them."""

    id: str
    seam: str
    answered_by: SideWord
    tags: list[str]
    arguments: dict[str, str]
    calls: list[TapeCall]
    renewed: list[str] = Field(description="A line for each time that it was recorded anew, with the reason.")


class ScenariosWrittenOutput(Output):
    """`changeover scenarios keep` and `record`: what was written, or would be."""

    file: str
    scenarios: list[str] = Field(description="Their identifiers.")
    bytes: Count
    left_out: Count = Field(description="Runs that cannot become a scenario.")
    dry_run: bool


class ScenariosRenewOutput(Output):
    """`changeover scenarios renew`: the answer before and today, as screens show them."""

    id: str
    file: str
    old_answer: str
    new_answer: str
    calls_before: Count
    calls_after: Count
    dry_run: bool


class EvidenceImportOutput(Output):
    """`changeover evidence import`: what this store did not have."""

    store: str
    dry_run: bool
    runs: Count
    corpora: Count
    reviews: Count


class EvidencePruneOutput(Output):
    """`changeover evidence prune`: what was forgotten."""

    store: str
    dry_run: bool
    bodies: Count
    tapes: Count
    runs: Count
    corpora: Count
    bytes_before: Count
    bytes_after: Count


class EvidenceCheckOutput(Output):
    """`changeover evidence check`: what was counted, and how many counts were wrong until then."""

    store: str
    runs: Count
    wrong: Count


class WaiveOutput(Output):
    """`changeover waive`."""

    written: bool = Field(description="False in a dry run.")
    cluster: str
    seam: str
    place: str
    file: str
    owner: str
    reason: str
    until: str


class InitialFile(Part):
    """A file that a migration begins with."""

    path: str
    state: Literal["new", "added to", "kept"] = Field(description="What became of it.")
    added: str = Field(description="What was added, where the file is the program's own.")


class InitOutput(Output):
    """`changeover init`."""

    files: list[InitialFile]
    app: str = Field(description="What pyproject.toml names: module:attribute.")
    libraries: dict[str, str] = Field(description="Packs for what the program uses, and where it does.")
    uncovered: dict[str, str] = Field(description="Clients that no pack covers, and where they are used.")
    next: list[str] = Field(description="What to type next.")


class DoctorOutput(Output):
    """`changeover doctor`."""

    facts: dict[str, str] = Field(description="What is in effect, and where it comes from.")
    problems: list[str]
    not_seen: str
