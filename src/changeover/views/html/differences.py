"""What differs, gathered for reading: findings, a tree of places, and one run side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from changeover.compare.paths import below_method, below_root, is_effect, method_at, segments
from changeover.compare.provenance import Sighting
from changeover.evidence.cluster_examples import divergences_of
from changeover.evidence.store.records import StoredCluster, StoredRun
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import LoggedBy, PortCall, Side, logged_by_one
from changeover.values.value_text import around_difference, value_text
from changeover.views.html.charts import in_plan_order
from changeover.views.html.data import ReportData
from changeover.views.layout import cut
from changeover.views.rows import pair_calls

FINDINGS_SHOWN_MAX = 6
CLUSTERS_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """The clusters of one seam in one method's effects, or in its result; `cluster` stands for them.

    `elsewhere` is how many more places of the same kind differ.
    """

    cluster: StoredCluster
    seams: tuple[str, ...]
    elsewhere: int


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
    for cluster in data.corpus.clusters:
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
        ordered = tuple(sorted(seams, key=lambda one: order.get(one, 0)))
        found.append(Finding(cluster, ordered, elsewhere=len(group) - 1))
    return found


def begins_with(data: ReportData, cluster: StoredCluster | None) -> StoredCluster | None:
    """The cluster that every run with this one meets before it; None where there is none."""
    if cluster is None or cluster.root is None:
        return None
    return next((one for one in data.corpus.clusters if one.id == cluster.root), None)


def tree(data: ReportData) -> tuple[list[tuple[str, Place]], int]:
    """For every seam its places as a tree, and how many clusters are beyond the limit."""
    clusters = data.corpus.clusters
    roots: dict[str, Place] = {}
    for cluster in clusters[:CLUSTERS_SHOWN_MAX]:
        place = roots.setdefault(cluster.seam, Place(cluster.seam))
        for name in branches(cluster.place):
            place = place.below.setdefault(name, Place(name))
        place.clusters.append(cluster)
    left_out = max(0, len(clusters) - CLUSTERS_SHOWN_MAX) + data.corpus.summary.clusters_left_out
    seams = dict.fromkeys([*(seam for seam, _ in in_plan_order(data)), *roots])
    return [(seam, _joined(roots[seam])) for seam in seams if seam in roots], left_out


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


ROWS_SHOWN_MAX = 5
TEXT_WIDTH = 44
NOTHING = "-"
VALUE_SHOWN_MAX = 2_000
LOGGED_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One effect, or one place of the answer, on both sides; `field` is the argument that is shown of it."""

    what: str
    field: str
    legacy: str
    candidate: str
    differs: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The lines that are shown, how many more there are, and where the odd value was seen.

    `logged` are warnings and worse that only one path logged.
    """

    run: str
    answered_by: Side
    lines: tuple[Line, ...]
    left_out: int
    sighting: Sighting | None
    logged: tuple[LoggedBy, ...] = ()


def side_by_side(run: StoredRun, cluster: StoredCluster) -> SideBySide | None:
    """The run as far as it fits on a screen; None where the run is not kept whole."""
    contents = run.contents
    if contents is None or contents.legacy is None or contents.candidate is None:
        return None
    differing = [found for found in contents.divergences if is_effect(found.place)]
    sides = contents.legacy.effects, contents.candidate.effects
    pairs = pair_calls(*sides, lambda call: repr((call.name, call.key)))
    effects = [_effect(ours, theirs, differing) for ours, theirs in pairs]
    answers = [_answer(found) for found in contents.divergences if not is_effect(found.place)]
    # Where an effect differs the answer only repeats it.
    lines = _most_telling(effects if cluster.unsafe and effects else [*answers, *effects])
    left_out = len(effects) + len(answers) - len(lines)
    logged = logged_by_one(contents.legacy, contents.candidate)[:LOGGED_SHOWN_MAX]
    return SideBySide(run.name, contents.answered_by, tuple(lines), left_out, _sighting(run, cluster), logged)


def _sighting(run: StoredRun, cluster: StoredCluster) -> Sighting | None:
    """Where the value of this run was seen before; that of another run would be of another value."""
    contents, smallest = run.contents, cluster.smallest
    found = [] if contents is None else divergences_of(run, contents, cluster.digest, cluster.place)
    if found and found[0][1] is not None:
        return found[0][1]
    if cluster.sighting is None or smallest is None or (not found and run.name != smallest.run):
        return None
    value = found[0][0].candidate if found else smallest.divergence.candidate
    return cluster.sighting if cluster.sighting.value == value_text(value) else None


def _most_telling(lines: Sequence[Line]) -> list[Line]:
    """As many as fit, those that differ before the others, in their order."""
    ranked = sorted(range(len(lines)), key=lambda number: not lines[number].differs)
    return [lines[number] for number in sorted(ranked[:ROWS_SHOWN_MAX])]


def _effect(legacy: PortCall | None, candidate: PortCall | None, differing: Sequence[Divergence]) -> Line:
    """`differing` are the differences in effects, in the order found; the first in these calls is shown."""
    if legacy is None or candidate is None:
        return Line(_what(legacy or candidate), "", _whole(legacy), _whole(candidate), differs=True)
    what, positions = _what(legacy), (legacy.position, candidate.position)
    of_method = [found for found in differing if method_at(found.place) == legacy.name]
    here = [found for found in of_method if found.position in positions]
    if here and here[0].kind is Kind.EFFECT_CHANGED and (names := below_method(here[0].place)):
        more = f" +{len(here) - 1}" if len(here) > 1 else ""
        return Line(what, f"{cut(names[-1], TEXT_WIDTH)}{more}", *change_sides(here[0]), differs=True)
    ours, theirs = dict(_leaves(legacy.arguments)), dict(_leaves(candidate.arguments))
    known = [name for found in of_method if (name := ".".join(below_method(found.place))) in ours]
    same = [one for one in ours if ours[one] not in what and ours[one] == theirs.get(one)]
    field = (known or same or list(ours) or [""])[0]
    texts = text_sides((ours.get(field, NOTHING), theirs.get(field, NOTHING)))
    return Line(what, field.rpartition(".")[2], *texts, differs=bool(here))


def _what(call: PortCall | None) -> str:
    """Method and intent key."""
    return "" if call is None else cut(f"{call.method} {_key(call.key)}".strip(), TEXT_WIDTH)


def _whole(call: PortCall | None) -> str:
    if call is None:
        return NOTHING
    return _begun(", ".join(text for _, text in _leaves(call.arguments)) or "called", TEXT_WIDTH)


def _answer(found: Divergence) -> Line:
    return Line("answer", cut(below_root(found.place), TEXT_WIDTH), *change_sides(found), differs=True)


def change_sides(found: Divergence, width: int = TEXT_WIDTH) -> tuple[str, str]:
    """Both values of a divergence, legacy's first, each in so much room."""
    texts = tuple(value_text(side, VALUE_SHOWN_MAX) for side in (found.legacy, found.candidate))
    return text_sides(texts, width)


def text_sides(texts: tuple[str, ...], width: int = TEXT_WIDTH) -> tuple[str, str]:
    """Both texts, each in so much room; long ones from where they part."""
    legacy, candidate = texts
    if max(len(legacy), len(candidate)) > width and legacy != candidate:
        legacy, candidate = around_difference(legacy, candidate, width)
    return _begun(legacy, width), _begun(candidate, width)


def _begun(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for part, below in value.items():
            yield from _leaves(below, f"{name}.{part}" if name else str(part))
    elif isinstance(value, list) and value:
        for number, below in enumerate(value):
            yield from _leaves(below, f"{name}[{number}]")
    else:
        yield name, value_text(value, VALUE_SHOWN_MAX)


def _key(key: Any) -> str:
    parts = [part for part in (key if isinstance(key, list) else [key]) if part is not None]
    return ", ".join(part if isinstance(part, str) else value_text(part, VALUE_SHOWN_MAX) for part in parts)
