"""Every cluster that is known, in production or in comparisons: when it was seen, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from changeover.evidence.store.production import RunGroup
from changeover.evidence.store.records import FIXED, NEW, REGRESSED, StoredCluster
from changeover.evidence.store.rows_of_runs import LEFT_OUT
from changeover.gate.inputs import ProjectState
from changeover.quick_dataclass import dataclass
from changeover.settings import PRODUCTION
from changeover.values.verdict import Verdict

ID_DIGITS = 6
_DIFFERS = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)


class ClusterState(StrEnum):
    """What became of a cluster, the worst first. `unknown`: today's code was not compared there yet."""

    REGRESSED = "regressed"
    NEW = "new"
    OPEN = "open"
    UNKNOWN = "unknown"
    FIXED = "fixed"


_WORST_FIRST = list(ClusterState)
_KEPT_STATES = {NEW: ClusterState.NEW, REGRESSED: ClusterState.REGRESSED, FIXED: ClusterState.FIXED}


@dataclass(frozen=True, slots=True)
class SeenCluster:
    """One cluster: `runs` counts those in production, `sources` names the comparisons that found it.

    `first` and `last` are when it was seen, in production or by a comparison. `place` and `kind` are empty
    where nothing but its name is known yet.
    """

    digest: str
    seam: str
    phase: str
    state: ClusterState
    is_unsafe: bool
    is_waived: bool
    first: datetime
    last: datetime
    runs: int = 0
    sources: tuple[str, ...] = ()
    place: str = ""
    kind: str = ""

    @property
    def id(self) -> str:
        """The first digits of its digest."""
        return self.digest[:ID_DIGITS]

    @property
    def is_there(self) -> bool:
        """Whether it is known to differ on today's code."""
        return self.state in (ClusterState.REGRESSED, ClusterState.NEW, ClusterState.OPEN)


def seen_clusters(state: ProjectState) -> list[SeenCluster]:
    """All of them: those that are there first, effects before results, then by when they were seen last."""
    found: dict[tuple[str, str], SeenCluster] = {}
    for one in (*_in_production(state), *_in_comparisons(state)):
        known = found.get((one.seam, one.digest))
        found[one.seam, one.digest] = one if known is None else _joined(known, one)
    latest_first = sorted(found.values(), key=lambda one: one.last, reverse=True)
    return sorted(latest_first, key=lambda one: (not one.is_there, one.is_waived, not one.is_unsafe))


def latest_groups(state: ProjectState) -> dict[tuple[str, str], RunGroup]:
    """By seam and digest the group in production that has the latest run with the cluster."""
    found: dict[tuple[str, str], RunGroup] = {}
    for group in state.evidence.groups:  # the latest first
        for digest in group.clusters:
            found.setdefault((group.seam, digest), group)
    return found


def _joined(one: SeenCluster, other: SeenCluster) -> SeenCluster:
    return replace(
        one,
        state=min(one.state, other.state, key=_WORST_FIRST.index),
        is_unsafe=one.is_unsafe or other.is_unsafe,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        runs=one.runs + other.runs,
        sources=tuple(dict.fromkeys((*one.sources, *other.sources))),
        place=one.place or other.place,
        kind=one.kind or other.kind,
    )


def _in_production(state: ProjectState) -> Iterator[SeenCluster]:
    met: dict[tuple[str, str], list[RunGroup]] = {}
    for group in state.evidence.groups:
        if group.verdict in _DIFFERS:
            for digest in dict.fromkeys(group.clusters):
                if digest != LEFT_OUT:
                    met.setdefault((group.seam, digest), []).append(group)
    orders = {seam: codes_of(state, seam) for seam in dict.fromkeys(seam for seam, _ in met)}
    for (seam, digest), groups in met.items():
        yield SeenCluster(
            digest,
            seam,
            groups[0].phase,
            state_among(orders[seam], {group.code for group in groups}, state.code),
            any(digest in group.unsafe for group in groups),
            state.is_waived(digest),
            min(group.first for group in groups),
            max(group.last for group in groups),
            sum(group.runs for group in groups),
            (PRODUCTION,),
        )


def codes_of(state: ProjectState, seam: str) -> list[str | None]:
    """The codes that were compared at a seam in production, in the order in which they came."""
    began: dict[str | None, datetime] = {}
    for group in state.evidence.groups:
        if group.seam == seam and (group.verdict.is_evidence or group.verdict in _DIFFERS):
            began[group.code] = min(group.first, began.get(group.code, group.first))
    return sorted(began, key=lambda code: began[code])


def state_among(order: list[str | None], having: set[str | None], today: str | None) -> ClusterState:
    """The state of a cluster that these codes have, of all that came in this order.

    It is fixed where today's code was compared without it, and regressed where a code between was.
    """
    if today not in order:
        return ClusterState.UNKNOWN
    if today not in having:
        return ClusterState.FIXED
    before = order[: order.index(today)]
    earlier = [number for number, code in enumerate(before) if code in having]
    if not earlier:
        return ClusterState.NEW
    return ClusterState.OPEN if earlier[-1] == len(before) - 1 else ClusterState.REGRESSED


def _in_comparisons(state: ProjectState) -> Iterator[SeenCluster]:
    """Of each source the latest comparison that has it says what became of it."""
    told: set[tuple[str, str, str]] = set()
    for comparison in state.evidence.corpora:  # the latest first
        for cluster in comparison.clusters:
            key = (comparison.source, cluster.seam, cluster.digest)
            tally = comparison.seams.get(cluster.seam)
            yield SeenCluster(
                cluster.digest,
                cluster.seam,
                "" if tally is None else tally.phase,
                # What an earlier comparison of the source said is superseded.
                ClusterState.FIXED
                if key in told
                else _state_of(cluster, is_today=state.is_today(comparison)),
                cluster.unsafe,
                state.is_waived(cluster.digest),
                comparison.at,
                comparison.at,
                0,
                (comparison.source,),
                cluster.place,
                str(cluster.kind),
            )
            told.add(key)


def _state_of(cluster: StoredCluster, *, is_today: bool) -> ClusterState:
    found = _KEPT_STATES.get(cluster.state, ClusterState.OPEN)
    return found if is_today or found is ClusterState.FIXED else ClusterState.UNKNOWN
