"""Gathers the clusters of a corpus, one run at a time, in memory bounded by the number of clusters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median_low

from changeover.compare.cluster import Cluster, Example, Fingerprint, RunFound, fingerprint_of
from changeover.divergence import Divergence
from changeover.observation import Observation

CLUSTERS_KEPT_MAX = 1_000
ALWAYS_WITH_MAX = 10
_POSITIONS_KEPT_MAX = 1_000


@dataclass(slots=True)
class _Gathered:
    """What is known of one cluster while runs are still coming in. `members` has one bit per run."""

    smallest: Example
    first: Example
    last: Example
    runs: int = 0
    occurrences: int = 0
    members: bytearray = field(default_factory=bytearray)
    positions: list[int] = field(default_factory=list)


class Clusters:
    """Add every compared run, the matching ones as well; then read `found`."""

    def __init__(self) -> None:
        self._gathered: dict[Fingerprint, _Gathered] = {}
        self._runs: Counter[str] = Counter()
        self._reached: Counter[tuple[str, str]] = Counter()
        self._number = 0
        self.left_out = 0
        """Divergences of clusters beyond `CLUSTERS_KEPT_MAX`."""

    def add(self, run: RunFound) -> None:
        """One run; of the divergences in one cluster the first stands as its example."""
        number = self._number
        self._number += 1
        self._runs[run.seam] += 1
        for name in run.reached:
            self._reached[run.seam, name] += 1
        seen: set[Fingerprint] = set()
        for divergence in run.divergences:
            fingerprint = fingerprint_of(run.seam, divergence)
            gathered = self._of(fingerprint, run, divergence)
            if gathered is None:
                continue
            gathered.occurrences += 1
            if fingerprint not in seen:
                seen.add(fingerprint)
                self._note_run(gathered, Example(run.run, divergence, run.at, run.size), number)

    @property
    def found(self) -> tuple[Cluster, ...]:
        """All clusters, in the order in which a run meets them."""
        ordered = sorted(self._gathered.items(), key=lambda item: self._meeting_order(*item))
        runs = {name: int.from_bytes(gathered.members, "little") for name, gathered in ordered}
        return tuple(
            self._cluster(fingerprint, gathered, self._around(fingerprint, runs))
            for fingerprint, gathered in ordered
        )

    def _around(self, fingerprint: Fingerprint, runs: dict[Fingerprint, int]) -> tuple[Fingerprint, ...]:
        """The clusters in whose runs all of this one's are, the closest first."""
        mine = runs[fingerprint]
        around = [
            (self._gathered[name].runs, name.digest, name)
            for name, theirs in runs.items()
            if mine & theirs == mine and name is not fingerprint
        ]
        around.sort(key=lambda item: item[:2])
        return tuple(name for _, _, name in around[:ALWAYS_WITH_MAX])

    def _of(self, fingerprint: Fingerprint, run: RunFound, divergence: Divergence) -> _Gathered | None:
        gathered = self._gathered.get(fingerprint)
        if gathered is None:
            if len(self._gathered) >= CLUSTERS_KEPT_MAX:
                self.left_out += 1
                return None
            example = Example(run.run, divergence, run.at, run.size)
            gathered = self._gathered[fingerprint] = _Gathered(example, example, example)
        return gathered

    def _note_run(self, gathered: _Gathered, example: Example, number: int) -> None:
        gathered.runs += 1
        gathered.first = min(gathered.first, example, key=_when)
        gathered.last = gathered.last if _when(gathered.last) > _when(example) else example
        gathered.smallest = min(gathered.smallest, example, key=lambda one: one.size)
        byte, bit = divmod(number, 8)
        if len(gathered.members) <= byte:
            gathered.members.extend(bytes(byte + 1 - len(gathered.members)))
        gathered.members[byte] |= 1 << bit
        position = example.divergence.position
        if position is not None and len(gathered.positions) < _POSITIONS_KEPT_MAX:
            gathered.positions.append(position)

    def _meeting_order(self, fingerprint: Fingerprint, gathered: _Gathered) -> tuple[bool, int, int, str]:
        position = median_low(gathered.positions) if gathered.positions else 0
        return (not gathered.positions, position, -gathered.runs, fingerprint.digest)

    def _cluster(
        self, fingerprint: Fingerprint, gathered: _Gathered, around: tuple[Fingerprint, ...]
    ) -> Cluster:
        method = ".".join(fingerprint.place.split("[")[0].split(".")[1:3])
        reachable = self._runs[fingerprint.seam]
        if fingerprint.place.startswith("effects."):
            reachable = self._reached.get((fingerprint.seam, method), reachable)
        return Cluster(
            fingerprint,
            gathered.runs,
            gathered.occurrences,
            reachable,
            gathered.first,
            gathered.last,
            gathered.smallest,
            min(gathered.positions, default=None),
            around,
        )


def reached_by(legacy: Observation, candidate: Observation) -> frozenset[str]:
    """The methods whose effects a run came by, on either side."""
    return frozenset(call.name for call in (*legacy.effects, *candidate.effects))


def _when(example: Example) -> float:
    # Runs without a time count in the order in which they were added.
    return example.at.timestamp() if example.at is not None else 0.0
