"""Several runs of one cluster, chosen so that they tell most: smallest, first, latest, the extremes.

They come from the runs that a store keeps whole. Of a cluster in many runs some are read, spread evenly over
all of them; how many were read is part of what is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from changeover.compare.clusters import fingerprint_of
from changeover.compare.findings import abs_difference
from changeover.compare.paths import method_at
from changeover.compare.provenance import Sighting
from changeover.evidence.store.lookup import RUNS_NAMED_MAX, Archive
from changeover.evidence.store.records import StoredCluster, StoredRun
from changeover.evidence.store.run_contents import RunContents, TypedText
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.observation import Observation, Raised
from changeover.values.verdict import Verdict

EXAMPLES_SHOWN_MAX = 6
RUNS_READ_MAX = 40
"""Of one cluster."""
ALL_READ_MAX = 1_000
"""Of all clusters together, but for `RUNS_READ_MIN` of each."""
RUNS_READ_MIN = 3
NUMBERS_MAX = 500
_DIFFER = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)
_NUMBERS = ("int", "float", "Decimal")


class Why(StrEnum):
    """Why a run is among the examples."""

    SMALLEST = "smallest run"
    FIRST = "first"
    LATEST = "latest"
    LARGEST_CHANGE = "largest change"
    SMALLEST_CHANGE = "smallest change"
    OTHER = "another"


@dataclass(frozen=True, slots=True)
class ClusterExample:
    """One run of a cluster.

    `asked_at` are the lines of legacy and candidate that made the effect, or that raised; None where nobody
    knows.
    """

    run: str
    why: tuple[Why, ...]
    divergence: Divergence
    sighting: Sighting | None = None
    asked_at: tuple[str | None, str | None] = (None, None)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClusterExamples:
    """`numbers` are legacy's and the candidate's value wherever both are numbers, in the runs that were read.

    `runs_read` of the cluster's runs were looked at.
    """

    examples: tuple[ClusterExample, ...] = ()
    numbers: tuple[tuple[Decimal, Decimal], ...] = ()
    runs_read: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """One run of the cluster, with everything in it that belongs there."""

    run: StoredRun
    contents: RunContents
    found: tuple[tuple[Divergence, Sighting | None], ...]

    @property
    def change(self) -> Decimal | None:
        """The largest difference of two numbers in it."""
        pairs = [numbers_of(one) for one, _ in self.found]
        return max((abs_difference(*pair) for pair in pairs if pair is not None), default=None)


def differing_runs(archive: Archive, corpus: int, code: str | None, rules: str) -> list[StoredRun]:
    """The runs of a comparison, or those in production on this code, that differ; without bodies."""
    if corpus:
        return archive.runs_of(corpus, _DIFFER, RUNS_NAMED_MAX)
    return archive.in_production(code, rules, _DIFFER)[::-1]


def gather_examples(
    clusters: Sequence[StoredCluster], runs: Sequence[StoredRun], archive: Archive
) -> Mapping[tuple[str, str], ClusterExamples]:
    """By seam and digest, for each of these clusters; `runs` are those that may have them, oldest first."""
    room = max(RUNS_READ_MIN, min(RUNS_READ_MAX, ALL_READ_MAX // max(1, len(clusters))))
    chosen = {(one.seam, one.digest): _spread(_runs_with(one, runs), one, room) for one in clusters}
    wanted = list(dict.fromkeys(run.id for some in chosen.values() for run in some))
    whole = {run.id: (run, contents) for run in archive.whole_runs(wanted) if (contents := run.contents)}
    found = {}
    for cluster in clusters:
        read = []
        for run in chosen[cluster.seam, cluster.digest]:
            if run.id in whole and (told := divergences_of(*whole[run.id], cluster.digest, cluster.place)):
                read.append(_Read(*whole[run.id], tuple(told)))
        found[cluster.seam, cluster.digest] = _examples(cluster, read)
    return found


def _runs_with(cluster: StoredCluster, runs: Iterable[StoredRun]) -> list[StoredRun]:
    return [run for run in runs if run.seam == cluster.seam and cluster.digest in run.clusters]


def _spread(runs: list[StoredRun], cluster: StoredCluster, most: int) -> list[StoredRun]:
    """At most so many, in their order: the smallest, the first, the last, and others in equal steps."""
    if len(runs) <= most:
        return runs
    step = (len(runs) - 1) / (most - 1)
    taken = {round(step * number) for number in range(most)}
    smallest = None if cluster.smallest is None else cluster.smallest.run
    taken |= {number for number, run in enumerate(runs) if _name(run) == smallest}
    return [runs[number] for number in sorted(taken)]


def _name(run: StoredRun) -> str:
    return run.name or run.id


def _examples(cluster: StoredCluster, read: list[_Read]) -> ClusterExamples:
    """Those that say something of their own come first, then others with other values."""
    if not read:
        return kept_examples(cluster)
    smallest = None if cluster.smallest is None else cluster.smallest.run
    of_numbers = [one for one in read if one.change is not None]

    def by_change(one: _Read) -> Decimal:
        return one.change or Decimal(0)

    picked: list[tuple[Why, _Read]] = [
        *((Why.SMALLEST, one) for one in [one for one in read if _name(one.run) == smallest][:1]),
        (Why.FIRST, read[0]),
        (Why.LATEST, read[-1]),
        *((Why.LARGEST_CHANGE, max(of_numbers, key=by_change)) for _ in of_numbers[:1]),
        *((Why.SMALLEST_CHANGE, min(of_numbers, key=by_change)) for _ in of_numbers[:1]),
    ]
    why: dict[str, list[Why]] = {}
    for reason, one in picked:
        why.setdefault(one.run.id, []).append(reason)
    values = {_values(one) for one in read if one.run.id in why}
    for one in read:
        if len(why) >= EXAMPLES_SHOWN_MAX:
            break
        if one.run.id not in why and _values(one) not in values:
            values.add(_values(one))
            why[one.run.id] = [Why.OTHER]
    order = {run: number for number, run in enumerate(why)}
    shown = sorted((one for one in read if one.run.id in why), key=lambda one: order[one.run.id])
    numbers = [pair for one in read for found, _ in one.found if (pair := numbers_of(found)) is not None]
    return ClusterExamples(
        tuple(_example(one, tuple(why[one.run.id])) for one in shown),
        tuple(numbers[:NUMBERS_MAX]),
        len(read),
    )


def _values(one: _Read) -> str:
    return "\x1f".join(f"{found.legacy!r}\x1e{found.candidate!r}" for found, _ in one.found)


def _example(one: _Read, why: tuple[Why, ...]) -> ClusterExample:
    divergence, sighting = one.found[0]
    if Why.LARGEST_CHANGE in why and Why.SMALLEST not in why:
        divergence, sighting = max(one.found, key=lambda found: _size(found[0]))
    asked = (
        asked_at(one.contents.legacy, divergence, divergence.legacy),
        asked_at(one.contents.candidate, divergence, divergence.candidate),
    )
    return ClusterExample(_name(one.run), why, divergence, sighting, asked, one.run.at)


def _size(divergence: Divergence) -> Decimal:
    pair = numbers_of(divergence)
    return Decimal(-1) if pair is None else abs_difference(*pair)


def kept_examples(cluster: StoredCluster) -> ClusterExamples:
    """Those that stand with the cluster itself, where its runs are kept no longer.

    Of these nobody knows which of them the cluster's sighting is of.
    """
    return ClusterExamples(tuple(_with_the_cluster(cluster)))


def _with_the_cluster(cluster: StoredCluster) -> Iterable[ClusterExample]:
    found: dict[str, tuple[list[Why], Divergence]] = {}
    for why, one in (
        (Why.SMALLEST, cluster.smallest),
        (Why.FIRST, cluster.first),
        (Why.LATEST, cluster.last),
    ):
        if one is not None:
            found.setdefault(one.run, ([], one.divergence))[0].append(why)
    for run, (reasons, divergence) in found.items():
        yield ClusterExample(run, tuple(reasons), divergence, cluster.sighting)


def divergences_of(
    run: StoredRun, contents: RunContents, digest: str, place: str | None = None
) -> list[tuple[Divergence, Sighting | None]]:
    """What a run has of a cluster, each with where its value was seen before.

    Values are kept cut and without secrets, which may give another name. Then it is what stands at the place
    of the cluster, where that is known: a run keeps its first divergences alone, and none of another place is
    taken for one that it has not. Else those without a name go to the names without a divergence, in their
    order.
    """
    sightings = [*contents.sightings, *([None] * len(contents.divergences))]
    told = list(zip(contents.divergences, sightings, strict=False))
    prints = [fingerprint_of(run.seam, one) for one in contents.divergences]
    named = [one.digest for one in prints]
    if digest in named:
        return [one for one, name in zip(told, named, strict=True) if name == digest]
    if place is not None:
        return [
            one
            for one, known in zip(told, prints, strict=True)
            if known.place == place and known.digest not in run.clusters
        ]
    nameless: dict[str, int] = {}
    for number, name in enumerate(named):
        if name not in run.clusters:
            nameless.setdefault(name, number)
    order = sorted(nameless.values(), key=lambda number: not contents.divergences[number].is_unsafe)
    missing = [one for one in run.clusters if one not in named]
    at = missing.index(digest) if digest in missing else len(order)
    return [] if at >= len(order) else [told[order[at]]]


def numbers_of(divergence: Divergence) -> tuple[Decimal, Decimal] | None:
    """Both values as numbers, also of a divergence in kept form; None unless both are finite numbers."""
    sides = number_in(divergence.legacy), number_in(divergence.candidate)
    return None if sides[0] is None or sides[1] is None else (sides[0], sides[1])


def number_in(value: object) -> Decimal | None:
    """A finite number, also one in kept form; None for anything else, a bool among it."""
    if type(value) is TypedText and value.type in _NUMBERS:
        text = value.text
    elif type(value) in (int, float, Decimal):
        text = str(value)
    else:
        return None
    try:
        found = Decimal(text)
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def asked_at(observation: Observation | None, divergence: Divergence, value: object) -> str | None:
    """The line of the program that made the effect at a place, or that raised; None where nobody knows."""
    is_alone = divergence.kind in (Kind.EFFECT_MISSING, Kind.EFFECT_EXTRA)
    if observation is None or (is_alone and value is ABSENT):
        return None
    method = method_at(divergence.place)
    if not method:
        outcome = observation.outcome
        return outcome.raised_at if isinstance(outcome, Raised) else None
    calls = [call for call in observation.effects if call.name == method]
    exact = [call for call in calls if call.position == divergence.position]
    call = next(iter(exact or calls), None)
    return None if call is None else call.asked_at
