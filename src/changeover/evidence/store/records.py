"""What is kept of runs and comparisons, from the store to the screen. Values only; the store makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from changeover.compare.change_pattern import ChangePattern
from changeover.compare.sighting import Sighting
from changeover.evidence.store.summary import Summary
from changeover.evidence.tallies import EffectCounts, SeamTally
from changeover.values.divergence import Kind, Verdict
from changeover.values.observation import Side
from changeover.values.stage import ALL_STAGES, Setting, parse_setting

if TYPE_CHECKING:
    from changeover.compare.clusters import Example
    from changeover.evidence.store.run_contents import RunContents
    from changeover.record.run import NotPaired

ID_DIGITS = 6


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run; `corpus` is the number of its comparison, None in production.

    `clusters` are the digests of what differs, `unsafe` those of effects among them; where more differs than
    is kept, `clusters` ends with a word that no waiver covers. `gave_up` says that the run was compared and
    that its answering path did nothing. `world` is a digest, None where the run was not compared. Own times
    are in seconds. `body` is what is kept of it whole (JSON), None where only its verdict
    is; `tape` is a packed line of a scenario file.
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
    gave_up: bool = False
    corpus: int | None = None
    population: str = "production"
    name: str = ""
    key: str | None = None
    correlation_id: str | None = None
    body: str | None = None
    tape: bytes | None = None

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
    def contents(self) -> RunContents | None:
        """What both paths asked and did, None where it is not there."""
        from changeover.evidence.store.run_contents import read_contents

        return None if self.body is None else read_contents(json.loads(self.body))


@dataclass(frozen=True, slots=True)
class StoredCluster:
    """One cluster of one comparison; `state` is new, open, fixed or regressed.

    `number` counts the clusters in the order in which a run meets them. `always_with` and `root` are short
    identifiers. Examples are None where nothing but the finding itself is known.
    """

    digest: str
    seam: str
    place: str
    kind: Kind
    pattern: ChangePattern
    unsafe: bool
    runs: int
    state: str = "new"
    number: int = 0
    occurrences: int = 0
    reachable: int = 0
    first: Example | None = None
    last: Example | None = None
    smallest: Example | None = None
    always_with: tuple[str, ...] = ()
    root: str | None = None
    sighting: Sighting | None = None
    answered_by: Side = Side.LEGACY
    corpus: int = 0

    @property
    def id(self) -> str:
        """The first digits of its digest."""
        return self.digest[:ID_DIGITS]


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """One comparison over a source.

    `whole` is false while it runs and for one that did not come to its end; of one that was killed, the runs
    that were written are counted. `partial` is true where it was not the whole source (one case, A/A).
    `own_times` maps a phase to the p95 of both paths in seconds. `summary` has what else screens and reports
    show. `uid` names it in every store that it is imported into.
    """

    number: int
    at: datetime
    source: str
    population: str
    code: str | None
    rules: str
    whole: bool = False
    partial: bool = False
    answered_by: Side = Side.LEGACY
    seams: Mapping[str, SeamTally] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    distinct_worlds: int = 0
    distinct_diverged: int = 0
    damaged: tuple[str, ...] = ()
    effects: tuple[EffectCounts, ...] = ()
    clusters: tuple[StoredCluster, ...] = ()
    own_times: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    summary: Summary = field(default_factory=Summary)
    uid: str = ""


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

    corpora: tuple[StoredComparison, ...] = ()
    production: tuple[StoredRun, ...] = ()
    reviews: tuple[Review, ...] = ()
    problem: str | None = None
    lost: int = 0
    pruned: int = 0
