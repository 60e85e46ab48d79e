"""The smaller commands: rules, scenarios, evidence, waivers, and the doctor."""

from __future__ import annotations

from pydantic import Field

from changeover.models.outputs.output import AnswerWord, Count, Output, Part


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


class DoctorOutput(Output):
    """`changeover doctor`."""

    facts: dict[str, str] = Field(description="What is in effect, and where it comes from.")
    problems: list[str]
    not_seen: str
