"""What is kept of runs and comparisons, from the store to the screen. Values only; the store makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from changeover.compare.change_pattern import ChangePattern
from changeover.compare.provenance import Sighting
from changeover.evidence.store.production import (
    DifferingInput,
    InputGroup,
    LateTimes,
    RunGroup,
    not_paired_of,
    setting_of,
)
from changeover.evidence.store.summary import Summary
from changeover.evidence.tallies import EffectCounts, SeamTally
from changeover.quick_dataclass import dataclass
from changeover.settings import INPUTS_VERSION
from changeover.values.divergence import Kind
from changeover.values.observation import Side
from changeover.values.stage import Setting
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.compare.clusters import Example
    from changeover.evidence.store.run_contents import RunContents
    from changeover.record.run import NotPaired

ID_DIGITS = 6
STORE = "store"
"""The source of runs in production, from where `compare --run` replays them."""
_TODAYS = f"{INPUTS_VERSION}:"
UNSAFE_MARK = "!"
"""Stands before the digest of a cluster of an effect, in the column `clusters`."""
GAVE_UP = "the answering path raised, or gave nothing"
"""Stands in the column `reason` of a run that was compared, and whose answering path did nothing."""


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
        return setting_of(self.stage)

    @property
    def distinct_input(self) -> str | None:
        """The digest of what it saw; None where it was made in another way, so that it counts for nothing."""
        return self.world if self.world is not None and self.world.startswith(_TODAYS) else None

    @property
    def not_paired(self) -> NotPaired | None:
        """Why an unpaired run was not compared; None for the others, and for a reason of another version."""
        return not_paired_of(self.verdict, self.reason)

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


EXPLORED = "explored"
REPORT = "report"


@dataclass(frozen=True, slots=True)
class Review:
    """Something that was looked at once on this code and these rules, and takes too long to look at again.

    `kind` is `blind-spots` (name: a phase), `check` (name: the command line), `doctor` (name: empty),
    `explored` (name: a seam) or `report` (name: empty): what the last page said, which no gate counts.
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

    Of the runs in production it has groups and counts. `differing` and `times` are those of the code and the
    rules that were asked about. `lost` counts runs that could not be kept since the store was made, `pruned`
    those forgotten by limits, `of_the_future` runs without a difference that a clock dated later than now,
    which are left out.
    """

    corpora: tuple[StoredComparison, ...] = ()
    groups: tuple[RunGroup, ...] = ()
    inputs: tuple[InputGroup, ...] = ()
    differing: tuple[DifferingInput, ...] = ()
    times: tuple[LateTimes, ...] = ()
    reviews: tuple[Review, ...] = ()
    problem: str | None = None
    lost: int = 0
    pruned: int = 0
    of_the_future: int = 0

    @property
    def runs(self) -> int:
        """How many runs in production there are."""
        return sum(group.runs for group in self.groups)


NEW = "new"
OPEN = "open"
FIXED = "fixed"
REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class Sightings:
    """Which clusters one comparison found. `compared` are the seams of which it showed something.

    `whole` is false for one that stopped early or looked at a few cases only: what such a one finds is there,
    what it does not find may be there all the same.
    """

    number: int
    source: str
    whole: bool
    compared: frozenset[str]
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_clear_of(self, seam: str, digest: str) -> bool:
        """Whether the seam was looked at in full and the cluster was not there."""
        return self.whole and seam in self.compared and digest not in self.found.get(seam, ())


def state_of(history: Sequence[Sightings], number: int, seam: str, digest: str) -> str:
    """The state of a cluster that the comparison of this number found; `history` is the oldest first.

    Once fixed and there again it is regressed, however often it is seen after that.
    """
    here = next(index for index, one in enumerate(history) if one.number == number)
    same = [one for one in history if one.source == history[here].source]
    at = same.index(history[here])
    if not any(digest in one.found.get(seam, ()) for one in same[at + 1 :]) and any(
        one.is_clear_of(seam, digest) for one in same[at + 1 :]
    ):
        return FIXED
    seen = False
    for one in same[:at]:
        if digest in one.found.get(seam, ()):
            seen = True
        elif seen and one.is_clear_of(seam, digest):
            return REGRESSED
    return OPEN if seen else NEW
