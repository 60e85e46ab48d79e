"""Gathers the clusters of a corpus, one run at a time, in memory bounded by the number of clusters."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from statistics import median_low

from changeover.compare.change_pattern import ChangePattern, pattern_of, read_pattern
from changeover.compare.consequences import own_position
from changeover.compare.paths import is_effect, method_at
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import Observation
from changeover.values.source_line import NO_LINES, SourceLines

CasePosition = tuple[int, bool, int, int]
"""How many runs of the case had ended, whether one ends now, the call of the case, the run that looks.

Ended runs count first: cases have about the same ones, while one has three calls and another has thirty.
Of what stands on the tapes of several runs, the innermost comes first.
"""


@dataclass(frozen=True, slots=True)
class RunOccurrence:
    """When each call of the run's own tape was made, and when the run ended."""

    calls: tuple[CasePosition, ...]
    end: CasePosition

    def of(self, divergence: Divergence) -> CasePosition:
        """Where in its case a divergence occurs: a call when it is made, a result when its run ends.

        Position 0 is that of what a path did before its first effect.
        """
        if divergence.position is None:
            return self.end
        known = self.calls[: max(divergence.position, 1)]
        return known[-1] if known else self.end


ID_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What makes two divergences the same finding."""

    seam: str
    place: str
    kind: Kind
    pattern: ChangePattern

    @property
    def digest(self) -> str:
        """64 hexadecimal digits, the same in every process and on every machine."""
        text = "\x1f".join((self.seam, self.place, self.kind, str(self.pattern)))
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def id(self) -> str:
        """The first digits, as people write them; any unambiguous prefix of the digest will do."""
        return self.digest[:ID_DIGITS]


def fingerprint_of(seam: str, divergence: Divergence) -> Fingerprint:
    """The fingerprint of one divergence in a seam."""
    pattern = change_of(divergence) if divergence.pattern is None else read_pattern(divergence.pattern)
    return Fingerprint(seam, divergence.normal_place or divergence.place, divergence.kind, pattern)


def change_of(divergence: Divergence) -> ChangePattern:
    """The pattern of the change, from its values."""
    return pattern_of(divergence.legacy, divergence.candidate, divergence.detail or divergence.kind)


@dataclass(frozen=True, slots=True)
class RunFound:
    """One compared run, for clusters; the runs of a case have its name and come one after the other.

    `size` says which example is smallest. `reached` names what the run came by ("broker.submit_order"), so
    that a share is one of the runs in which the place could differ at all. Without `occurrence` results come
    after all calls. `fingerprints` has one a divergence, where they are known already; `lines` likewise the
    source lines behind it.
    """

    run: str
    seam: str
    divergences: tuple[Divergence, ...]
    at: datetime | None = None
    size: int = 0
    reached: frozenset[str] = frozenset()
    occurrence: RunOccurrence | None = None
    fingerprints: tuple[Fingerprint, ...] = ()
    lines: tuple[SourceLines, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One run of a cluster, with the values it differs in and their lines; a kept one has no lines."""

    run: str
    divergence: Divergence
    at: datetime | None
    size: int
    lines: SourceLines = NO_LINES


@dataclass(frozen=True, slots=True)
class Cluster:
    """One finding over many runs.

    `occurrences` counts divergences, `runs` the runs they are in; `reachable` the runs that came by the
    place. `always_with` names clusters in whose cases all of this one's are, the closest first; `root` is the
    first of them that a case meets, None where none is met before. It says what occurs together,
    never what causes what.
    """

    fingerprint: Fingerprint
    runs: int
    occurrences: int
    reachable: int
    first: Example
    last: Example
    smallest: Example
    always_with: tuple[Fingerprint, ...]
    root: Fingerprint | None = None

    @property
    def id(self) -> str:
        """The short identifier."""
        return self.fingerprint.id

    @property
    def share(self) -> float:
        """Of the runs that reach the place, how many differ there; 0..1."""
        return self.runs / self.reachable if self.reachable else 0.0

    @property
    def is_unsafe(self) -> bool:
        """True where an effect differs, or a path may act a second time or after its end."""
        return self.last.divergence.is_unsafe


CLUSTERS_KEPT_MAX = 1_000
ALWAYS_WITH_MAX = 10
_POSITIONS_KEPT_MAX = 1_000


@dataclass(slots=True)
class _Gathered:
    """What is known of one cluster while runs are still coming in. `members` has one bit per case.

    `heads` counts occurrences that are no consequence of another difference of their run. `own_positions` are
    those among the calls of the replayed path: they order what stands at one position of its case.
    """

    smallest: Example
    first: Example
    last: Example
    runs: int = 0
    occurrences: int = 0
    heads: int = 0
    members: bytearray = field(default_factory=bytearray)
    positions: list[CasePosition] = field(default_factory=list)
    own_positions: list[int] = field(default_factory=list)


class Clusters:
    """Add every compared run, the matching ones as well; then read `found`."""

    def __init__(self) -> None:
        self._gathered: dict[Fingerprint, _Gathered] = {}
        self._runs: Counter[str] = Counter()
        self._reached: Counter[tuple[str, str]] = Counter()
        self._cases = 0
        self._case: str | None = None
        self.left_out = 0
        """Divergences of clusters beyond `CLUSTERS_KEPT_MAX`."""

    def add(self, run: RunFound) -> None:
        """One run; of the divergences in one cluster the first stands as its example."""
        if run.run != self._case:
            self._cases, self._case = self._cases + 1, run.run
        self._runs[run.seam] += 1
        for name in run.reached:
            self._reached[run.seam, name] += 1
        seen: set[Fingerprint] = set()
        known = run.fingerprints or tuple(fingerprint_of(run.seam, one) for one in run.divergences)
        lines = run.lines or (NO_LINES,) * len(known)
        for divergence, fingerprint, at in zip(run.divergences, known, lines, strict=True):
            example = Example(run.run, divergence, run.at, run.size, at)
            gathered = self._of(fingerprint, example)
            if gathered is None:
                continue
            gathered.occurrences += 1
            gathered.heads += divergence.consequence_of is None
            if fingerprint not in seen:
                seen.add(fingerprint)
                self._note_run(gathered, example, run.occurrence)

    @property
    def found(self) -> tuple[Cluster, ...]:
        """All clusters, in the order in which a run meets them."""
        ordered = sorted(self._gathered.items(), key=lambda item: self._case_order(*item))
        cases = {name: int.from_bytes(gathered.members, "little") for name, gathered in ordered}
        roots: list[Fingerprint] = []
        found: list[Cluster] = []
        for fingerprint, gathered in ordered:
            mine = cases[fingerprint]
            root = next((one for one in roots if mine & cases[one] == mine), None)
            if root is None:
                roots.append(fingerprint)
            found.append(
                Cluster(
                    fingerprint,
                    gathered.runs,
                    gathered.occurrences,
                    self._reachable(fingerprint),
                    gathered.first,
                    gathered.last,
                    gathered.smallest,
                    self._around(fingerprint, cases),
                    root,
                )
            )
        return tuple(found)

    def _around(self, fingerprint: Fingerprint, cases: dict[Fingerprint, int]) -> tuple[Fingerprint, ...]:
        """The clusters in whose cases all of this one's are, the closest first."""
        mine = cases[fingerprint]
        around = [
            (theirs.bit_count(), name.digest, name)
            for name, theirs in cases.items()
            if mine & theirs == mine and name is not fingerprint
        ]
        around.sort(key=lambda item: item[:2])
        return tuple(name for _, _, name in around[:ALWAYS_WITH_MAX])

    def _of(self, fingerprint: Fingerprint, example: Example) -> _Gathered | None:
        gathered = self._gathered.get(fingerprint)
        if gathered is None:
            if len(self._gathered) >= CLUSTERS_KEPT_MAX:
                self.left_out += 1
                return None
            gathered = self._gathered[fingerprint] = _Gathered(example, example, example)
        return gathered

    def _note_run(self, gathered: _Gathered, example: Example, occurrence: RunOccurrence | None) -> None:
        gathered.runs += 1
        gathered.first = min(gathered.first, example, key=_when)
        gathered.last = gathered.last if _when(gathered.last) > _when(example) else example
        gathered.smallest = min(gathered.smallest, example, key=lambda one: one.size)
        byte, bit = divmod(self._cases - 1, 8)
        if len(gathered.members) <= byte:
            gathered.members.extend(bytes(byte + 1 - len(gathered.members)))
        gathered.members[byte] |= 1 << bit
        if len(gathered.positions) < _POSITIONS_KEPT_MAX:
            divergence = example.divergence
            gathered.own_positions.append(own_position(divergence))
            if occurrence is not None:
                gathered.positions.append(occurrence.of(divergence))
            elif divergence.position is not None:
                gathered.positions.append((0, False, divergence.position, 0))

    def _case_order(
        self, fingerprint: Fingerprint, gathered: _Gathered
    ) -> tuple[bool, bool, CasePosition, int, int, str]:
        """Whatever is always a consequence comes after all that is not."""
        own = median_low(gathered.own_positions) if gathered.own_positions else 0
        position = median_low(gathered.positions) if gathered.positions else (0, False, 0, 0)
        is_below = not gathered.heads
        return (is_below, not gathered.positions, position, own, -gathered.runs, fingerprint.digest)

    def _reachable(self, fingerprint: Fingerprint) -> int:
        """The runs that came by the place."""
        runs = self._runs[fingerprint.seam]
        if not is_effect(fingerprint.place):
            return runs
        return self._reached.get((fingerprint.seam, method_at(fingerprint.place)), runs)


def reached_by(legacy: Observation, candidate: Observation) -> frozenset[str]:
    """The methods whose effects a run came by, on either side."""
    return frozenset(call.name for call in (*legacy.effects, *candidate.effects))


def _when(example: Example) -> float:
    # Runs without a time count in the order in which they were added.
    return example.at.timestamp() if example.at is not None else 0.0
