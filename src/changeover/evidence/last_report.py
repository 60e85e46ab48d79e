"""What the last report said, and what has changed since: clusters, stages, gates, runs in production.

A report that was written leaves this much in the store, as a review of the kind `report`. No gate counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from changeover.evidence.store.records import REPORT, Review, StoredCluster, StoredComparison
from changeover.quick_dataclass import dataclass

CLUSTERS_KEPT_MAX = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """What a report says in short. `clusters` maps a digest to its seam, its place, and its number of runs.

    `compared` are the seams that were compared; `stages` and `gates` are by phase. `production` counts the
    runs in production on the code of the report, `differing` those of them that differ.
    """

    word: str
    code: str | None
    rules: str
    clusters: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    stages: Mapping[str, str] = field(default_factory=dict)
    gates: Mapping[str, str] = field(default_factory=dict)
    production: int = 0
    differing: int = 0


class Fate(StrEnum):
    """What became of a cluster."""

    NEW = "new"
    GONE = "no longer found"
    NOT_COMPARED = "not compared again"
    MORE = "in more runs"


@dataclass(frozen=True, slots=True)
class ClusterChange:
    """One cluster that is not as it was; `runs` are then and now."""

    digest: str
    seam: str
    place: str
    fate: Fate
    runs: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Moved:
    """Something that was one thing and is another: `what` is such as `gate of trading`."""

    what: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that is not as the report of `since` said it."""

    since: datetime
    moved: tuple[Moved, ...] = ()
    clusters: tuple[ClusterChange, ...] = ()
    new_runs: int = 0
    newly_differing: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether all is as it was."""
        return not (self.moved or self.clusters or self.new_runs)


def last_report(reviews: Iterable[Review]) -> tuple[datetime, Standing] | None:
    """When the last report was written and what it said; `reviews` are the latest first."""
    for review in reviews:
        if review.kind == REPORT and (standing := _read(review)) is not None:
            return review.at, standing
    return None


def standing_of(
    word: str,
    today: tuple[str | None, str],
    shown: Sequence[StoredComparison],
    production: StoredComparison | None,
    stages: Mapping[str, str],
    gates: Mapping[str, str],
) -> Standing:
    """What a report about `shown`, all that speaks about today's code, says in short."""
    clusters: dict[str, StoredCluster] = {}
    for one in (cluster for comparison in shown for cluster in comparison.clusters):
        if one.digest not in clusters or clusters[one.digest].runs < one.runs:
            clusters[one.digest] = one
    compared = {seam for one in shown for seam, tally in one.seams.items() if tally.compared}
    tallies = [] if production is None else list(production.seams.values())
    return Standing(
        word,
        *today,
        {
            digest: (one.seam, one.place, one.runs)
            for digest, one in list(clusters.items())[:CLUSTERS_KEPT_MAX]
        },
        tuple(sorted(compared)),
        stages,
        gates,
        sum(tally.runs for tally in tallies),
        sum(tally.diverged for tally in tallies),
    )


def review_of(standing: Standing, at: datetime) -> Review:
    """As it is kept."""
    body = {
        "word": standing.word,
        "clusters": {digest: list(known) for digest, known in standing.clusters.items()},
        "compared": list(standing.compared),
        "stages": dict(standing.stages),
        "gates": dict(standing.gates),
        "production": standing.production,
        "differing": standing.differing,
    }
    return Review(REPORT, "", at, standing.code, standing.rules, "", standing.word, body)


def _read(review: Review) -> Standing | None:
    """None for what another version wrote in another way."""
    body: Mapping[str, Any] = review.body
    try:
        return Standing(
            str(body["word"]),
            review.code,
            review.rules,
            {str(key): (str(a), str(b), int(c)) for key, (a, b, c) in body["clusters"].items()},
            tuple(map(str, body["compared"])),
            {str(phase): str(stage) for phase, stage in body["stages"].items()},
            {str(phase): str(answer) for phase, answer in body["gates"].items()},
            int(body["production"]),
            int(body["differing"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def changes_since(since: datetime, then: Standing, now: Standing, digits: int = 7) -> Changes:
    """What is not as it was. Codes and rules are named by so many digits."""
    facts = [
        ("worst", then.word, now.word),
        ("code", (then.code or "-")[:digits], (now.code or "-")[:digits]),
        ("rules", then.rules[:digits], now.rules[:digits]),
        *((f"stage of {name}", then.stages.get(name, "-"), stage) for name, stage in now.stages.items()),
        *((f"gate of {name}", then.gates.get(name, "-"), answer) for name, answer in now.gates.items()),
    ]
    is_same_code = (then.code, then.rules) == (now.code, now.rules)
    runs, differing = (then.production, then.differing) if is_same_code else (0, 0)
    return Changes(
        since,
        tuple(Moved(what, was, is_) for what, was, is_ in facts if was != is_),
        tuple(_clusters(then, now)),
        max(0, now.production - runs),
        max(0, now.differing - differing),
    )


def _clusters(then: Standing, now: Standing) -> Iterable[ClusterChange]:
    for digest, (seam, place, runs) in now.clusters.items():
        before = then.clusters.get(digest)
        if before is None:
            yield ClusterChange(digest, seam, place, Fate.NEW, (0, runs))
        elif runs > before[2]:
            yield ClusterChange(digest, seam, place, Fate.MORE, (before[2], runs))
    for digest, (seam, place, runs) in then.clusters.items():
        if digest not in now.clusters:
            fate = Fate.GONE if seam in now.compared else Fate.NOT_COMPARED
            yield ClusterChange(digest, seam, place, fate, (runs, 0))
