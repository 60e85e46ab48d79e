"""Divergences of one fingerprint: the same seam, place, kind and pattern of change, whatever the values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from changeover.compare.change_pattern import pattern_of
from changeover.compare.occurrence import Meeting
from changeover.values.divergence import Divergence, Kind

ID_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What makes two divergences the same finding."""

    seam: str
    place: str
    kind: Kind
    pattern: str

    @property
    def digest(self) -> str:
        """64 hexadecimal digits, the same in every process and on every machine."""
        said = "\x1f".join((self.seam, self.place, self.kind, self.pattern))
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def id(self) -> str:
        """The first digits, as people write them; any unambiguous prefix of the digest will do."""
        return self.digest[:ID_DIGITS]


def fingerprint_of(seam: str, divergence: Divergence) -> Fingerprint:
    """The fingerprint of one divergence in a seam."""
    pattern = divergence.pattern or change_of(divergence)
    return Fingerprint(seam, divergence.normal_place or divergence.place, divergence.kind, pattern)


def change_of(divergence: Divergence) -> str:
    """The pattern of the change, from its values."""
    return pattern_of(divergence.legacy, divergence.candidate, divergence.detail or divergence.kind)


@dataclass(frozen=True, slots=True)
class RunFound:
    """One compared run, for clusters; the runs of a case have its name and come one after the other.

    `size` says which example is smallest. `reached` names what the run came by ("broker.submit_order"), so
    that a share is one of the runs in which the place could differ at all. Without `meeting` results come
    after all calls.
    """

    run: str
    seam: str
    divergences: tuple[Divergence, ...]
    at: datetime | None = None
    size: int = 0
    reached: frozenset[str] = frozenset()
    meeting: Meeting | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One run of a cluster, with the values it differs in."""

    run: str
    divergence: Divergence
    at: datetime | None
    size: int


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
        """True where an effect differs."""
        return self.last.divergence.is_unsafe
