"""What the live pages are made of: values only, gathered by `changeover.api`, drawn here."""

from __future__ import annotations

from datetime import date, datetime

from changeover.compare.provenance import Sighting
from changeover.evidence.store.records import StoredCluster, StoredRun
from changeover.evidence.store.run_contents import RunContents
from changeover.gate.forecast import Forecast
from changeover.gate.seen_clusters import SeenCluster
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.rollout.plan_file import Phase
from changeover.values.divergence import Divergence
from changeover.values.stage import Setting
from changeover.values.verdict import Verdict
from changeover.views.text.status import NextStep


@dataclass(frozen=True, slots=True)
class PhaseLook:
    """One phase; `step` is None after the last stage, `forecast` where nothing is asked of production."""

    phase: Phase
    setting: Setting
    answers: str
    step: NextStep | None
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class ClusterExample:
    """One run with the cluster: its divergence, and where the odd value was seen before.

    `contents` is None where the run is kept no longer, and only the finding is.
    """

    run: str
    at: datetime | None
    stage: str
    source: str
    divergence: Divergence
    sighting: Sighting | None = None
    contents: RunContents | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class ClusterLook:
    """One cluster, its examples, the latest first, and what a comparison that found it says of it."""

    cluster: SeenCluster
    examples: tuple[ClusterExample, ...]
    kept: StoredCluster | None


@dataclass(frozen=True, slots=True)
class RunsWanted:
    """Which runs in production a page lists. `until` is the moment before which they were."""

    phase: str = ""
    seam: str = ""
    verdict: Verdict | None = None
    cluster: str = ""
    first: date | None = None
    last: date | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunsListed:
    """Some runs, the latest first; `before` is where the next page goes on, None where there is none.

    `all` counts those that the filter lets through, whatever page is shown.
    """

    wanted: RunsWanted
    runs: tuple[StoredRun, ...]
    all: int
    before: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found, and how much of it is left out."""

    text: str
    phases: tuple[str, ...] = ()
    seams: tuple[str, ...] = ()
    clusters: tuple[SeenCluster, ...] = ()
    runs: tuple[StoredRun, ...] = ()
    rules: tuple[int, ...] = ()
    history: tuple[HistoryEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.phases or self.seams or self.clusters or self.runs or self.rules or self.history)
