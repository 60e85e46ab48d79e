"""What differs, gathered for reading: a few lines for the first screen, a tree of places below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from changeover.compare.clusters import Example
from changeover.compare.paths import below_method, method_at, segments
from changeover.evidence.store.records import StoredCluster
from changeover.views.html.data import ReportData, in_meeting_order
from changeover.views.html.matrix import in_plan_order

FINDINGS_SHOWN_MAX = 6
CLUSTERS_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """The clusters of one seam in one method's effects, or in its result; `cluster` stands for them."""

    cluster: StoredCluster
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
    clusters: list[StoredCluster] = field(default_factory=list)
    below: dict[str, Place] = field(default_factory=dict)

    @property
    def every(self) -> Iterable[StoredCluster]:
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
    around: dict[tuple[str, ...], list[StoredCluster]] = {}
    for cluster in in_meeting_order(data.corpus):
        key = (cluster.place, cluster.kind, str(cluster.pattern))
        around.setdefault(key if method_at(cluster.place) else (*key, cluster.seam), []).append(cluster)
    heads: dict[tuple[str, str], list[tuple[StoredCluster, list[str]]]] = {}
    for same in around.values():
        innermost = min(same, key=lambda one: order.get(one.seam, len(order)))
        head = (innermost.seam, method_at(innermost.place))
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
        for name in branches(cluster.place):
            place = place.below.setdefault(name, Place(name))
        place.clusters.append(cluster)
    left_out = max(0, len(clusters) - CLUSTERS_SHOWN_MAX) + data.corpus.summary.clusters_left_out
    shown = [(seam, _joined(roots[seam])) for seam, _ in in_plan_order(data) if seam in roots]
    known = {seam for seam, _ in shown}
    return [*shown, *((seam, _joined(root)) for seam, root in roots.items() if seam not in known)], left_out


def branches(place: str) -> list[str]:
    """The parts of a place on the tree: port and method of an effect are one."""
    names = segments(place)
    return [".".join(names[1:3]), *below_method(place)] if method_at(place) else list(names)


def _joined(place: Place) -> Place:
    """Places with nothing but one place below become one line."""
    below = [_joined(one) for one in place.below.values()]
    for number, one in enumerate(below):
        if not one.clusters and len(one.below) == 1:
            only = next(iter(one.below.values()))
            below[number] = Place(f"{one.name}.{only.name}", only.clusters, only.below)
    place.below = {one.name: one for one in below}
    return place


def examples(cluster: StoredCluster) -> list[tuple[str, Example]]:
    """The smallest and the latest example, once where they are the same run."""
    smallest, last = cluster.smallest, cluster.last
    found = [] if smallest is None else [("smallest", smallest)]
    if last is not None and (smallest is None or last.run != smallest.run):
        found.append(("latest", last))
    return found
