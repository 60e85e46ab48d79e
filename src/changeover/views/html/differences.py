"""What differs, gathered for reading: a few lines for the first screen, a tree of places below it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.evidence.store.records import KeptCluster
from changeover.views.html.data import ReportData, in_meeting_order
from changeover.views.html.headline import call_of
from changeover.views.html.matrix import in_plan_order

FINDINGS_SHOWN_MAX = 6
CLUSTERS_SHOWN_MAX = 300
_SEGMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^."\[])+')


@dataclass(frozen=True, slots=True)
class Finding:
    """The clusters of one seam in one method's effects, or in its result; `cluster` stands for them."""

    cluster: KeptCluster
    seams: tuple[str, ...]
    places: int

    @property
    def elsewhere(self) -> int:
        """How many more places of the same kind differ."""
        return self.places - 1


@dataclass(slots=True)
class Place:
    """One part of a field path; `clusters` are those that end here."""

    name: str
    clusters: list[KeptCluster] = field(default_factory=list)
    below: dict[str, Place] = field(default_factory=dict)

    @property
    def every(self) -> Iterable[KeptCluster]:
        """All clusters here and below."""
        yield from self.clusters
        for place in self.below.values():
            yield from place.every

    @property
    def count(self) -> int:
        """How many they are."""
        return sum(1 for _ in self.every)

    @property
    def unsafe(self) -> bool:
        """Whether an effect differs here or below."""
        return any(one.unsafe for one in self.every)


def findings(data: ReportData) -> list[Finding]:
    """In the order in which a run meets them; an effect that several seams contain is told once."""
    order = {seam: number for number, (seam, _) in enumerate(in_plan_order(data))}
    around: dict[tuple[str, ...], list[KeptCluster]] = {}
    for cluster in in_meeting_order(data.corpus):
        key = (cluster.place, cluster.kind, cluster.pattern)
        around.setdefault(key if call_of(cluster.place) else (*key, cluster.seam), []).append(cluster)
    heads: dict[tuple[str, str], list[tuple[KeptCluster, list[str]]]] = {}
    for same in around.values():
        innermost = min(same, key=lambda one: order.get(one.seam, len(order)))
        head = (innermost.seam, call_of(innermost.place))
        heads.setdefault(head, []).append((innermost, [one.seam for one in same]))
    found = []
    for group in heads.values():
        # The most frequent one stands for its kind; of equals the one that is met first.
        cluster, seams = max(group, key=lambda item: (item[0].unsafe, item[0].runs))
        found.append(Finding(cluster, tuple(sorted(seams, key=lambda one: order.get(one, 0))), len(group)))
    return found


def tree(data: ReportData) -> tuple[list[tuple[str, Place]], int]:
    """For every seam its places as a tree, and how many clusters are beyond the limit."""
    clusters = in_meeting_order(data.corpus)
    roots: dict[str, Place] = {}
    for cluster in clusters[:CLUSTERS_SHOWN_MAX]:
        place = roots.setdefault(cluster.seam, Place(cluster.seam))
        for name in segments(cluster.place):
            place = place.below.setdefault(name, Place(name))
        place.clusters.append(cluster)
    left_out = max(0, len(clusters) - CLUSTERS_SHOWN_MAX) + int(
        data.corpus.summary.get("clusters_left_out") or 0
    )
    shown = [(seam, _joined(roots[seam])) for seam, _ in in_plan_order(data) if seam in roots]
    known = {seam for seam, _ in shown}
    return [*shown, *((seam, _joined(root)) for seam, root in roots.items() if seam not in known)], left_out


def segments(place: str) -> list[str]:
    """The parts of a dotted place; a key in brackets stays with the name before it."""
    parts = _SEGMENT.findall(place)
    if parts[:1] == ["effects"] and len(parts) > 2:
        return [".".join(parts[1:3]), *parts[3:]]
    return parts or [place]


def _joined(place: Place) -> Place:
    """Places with nothing but one place below become one line."""
    below = [_joined(one) for one in place.below.values()]
    for number, one in enumerate(below):
        if not one.clusters and len(one.below) == 1:
            only = next(iter(one.below.values()))
            below[number] = Place(f"{one.name}.{only.name}", only.clusters, only.below)
    place.below = {one.name: one for one in below}
    return place


def examples(cluster: KeptCluster) -> list[tuple[str, Mapping[str, Any]]]:
    """The smallest and the latest example, once where they are the same run."""
    smallest, last = cluster.body.get("smallest"), cluster.body.get("last")
    found = [("smallest", smallest)] if smallest else []
    if last and (not smallest or last["run"] != smallest["run"]):
        found.append(("latest", last))
    return found
