"""What is kept of runs, as a gate, a screen or a report reads it again. Values only; the store makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from changeover.values.observation import Side
from changeover.values.stage import ALL_STAGES, Setting, parse_setting
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.record.run import NotPaired

GAVE_UP = "the answering path raised, or gave nothing"
"""The reason of a run that was compared, and of which it says so."""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One run in production. `clusters` are the digests of what differs, `unsafe` of effects among them.

    `world` is a digest, None where the run was not compared; own times are in seconds. Where more differs
    than is kept, `clusters` ends with a word that no waiver covers.
    """

    id: str
    at: datetime
    seam: str
    phase: str
    stage: str
    answered_by: Side
    verdict: Verdict
    code: str | None
    rules: str
    world: str | None = None
    clusters: tuple[str, ...] = ()
    reason: str | None = None
    tags: tuple[str, ...] = ()
    legacy_s: float | None = None
    candidate_s: float | None = None
    renewed_at: datetime | None = None
    unsafe: tuple[str, ...] = ()

    @property
    def setting(self) -> Setting | None:
        """The stage it ran in; None for one that this version does not know."""
        try:
            return parse_setting(self.stage, ALL_STAGES)
        except ValueError:
            return None

    @property
    def not_paired(self) -> NotPaired | None:
        """Why an unpaired run was not compared; None for the others, and for a reason of another version."""
        if self.verdict is not Verdict.UNPAIRED:
            return None
        from changeover.record.run import NotPaired

        return next((known for known in NotPaired if known == self.reason), None)

    @property
    def gave_up(self) -> bool:
        """Whether the reference did nothing in it."""
        return self.reason == GAVE_UP


@dataclass(frozen=True, slots=True)
class SeamCounts:
    """Verdicts of one seam in one corpus. `gave_up` counts compared runs whose reference did nothing."""

    phase: str
    verdicts: Mapping[Verdict, int]
    gave_up: int = 0

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self.verdicts.values())

    def of(self, *verdicts: Verdict) -> int:
        """How many ended so."""
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts)


@dataclass(frozen=True, slots=True)
class EffectCounts:
    """One port method in one corpus. asked = equal + changed + only asked; performed likewise."""

    name: str
    performed: int
    asked: int
    equal: int
    changed: int
    refused: int


@dataclass(frozen=True, slots=True)
class KeptCluster:
    """One finding as it was met last; `state` is new, open, fixed or regressed."""

    digest: str
    seam: str
    place: str
    kind: str
    pattern: str
    unsafe: bool
    runs: int
    state: str = "new"
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptCorpus:
    """One comparison over a source.

    `whole` is false for one that did not come to its end; of one that was killed, the runs that were written
    are counted. `partial` is true where it was not the whole source (one case, A/A). `own_times` maps a phase
    to the p95 of both paths in seconds. `summary` has what else screens and reports show.
    """

    number: int
    at: datetime
    source: str
    population: str
    code: str | None
    rules: str
    whole: bool
    partial: bool
    answered_by: Side
    seams: Mapping[str, SeamCounts]
    tags: Mapping[str, int]
    distinct_worlds: int
    distinct_diverged: int
    damaged: tuple[str, ...] = ()
    effects: tuple[EffectCounts, ...] = ()
    clusters: tuple[KeptCluster, ...] = ()
    own_times: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """Something that was looked at once on this code and these rules, and takes too long to look at again.

    `kind` is `blind-spots` (name: a phase), `check` (name: the command line) or `doctor` (name: empty).
    `answer` is pass, fail or inconclusive; `body` is JSON.
    """

    kind: str
    name: str
    at: datetime
    code: str | None
    rules: str
    answer: str
    found: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a store holds, the latest first. `problem` says why it could not be read.

    `lost` counts runs that could not be kept since the store was made, `pruned` those forgotten by limits.
    """

    corpora: tuple[KeptCorpus, ...] = ()
    production: tuple[KeptRun, ...] = ()
    reviews: tuple[Review, ...] = ()
    problem: str | None = None
    lost: int = 0
    pruned: int = 0
