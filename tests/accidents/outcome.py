"""What a comparison with a planted accident has shown, read from the JSON of the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place

INVARIANTS = {Kind.INVARIANT_BROKEN, Kind.HANDLED_TWICE, *(one for one in Kind if one.startswith("event-"))}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: where it is, how it changes, and in how many runs."""

    at: Place
    pattern: str
    is_unsafe: bool
    runs: int

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The one of a `compare --format json`."""
        at = Place(data["seam"], data["place"], Kind(data["kind"]))
        return cls(at, data["pattern"], data["unsafe"], data["runs"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one command: its exit code, what it compared, and the clusters in the order of the screen.

    `would_judge` are the commands that the screen names for runs that could not be compared.
    """

    exit_code: int
    runs: int
    not_compared: int
    clusters: Sequence[Cluster]
    would_judge: Sequence[str]
    seconds: float

    @classmethod
    def of(cls, exit_code: int, comparison: Mapping[str, Any], seconds: float) -> Self:
        """From the JSON of a comparison with one source."""
        total = comparison["total"]
        more = (one["command"] for one in comparison["would_show_more"])
        return cls(
            exit_code,
            total["runs"],
            total["verdicts"].get(Verdict.FAILED, 0),  # a vacuous one was compared: both sides left nothing
            tuple(map(Cluster.of, comparison["clusters"])),
            tuple(command for command in more if command),
            seconds,
        )

    @property
    def first(self) -> Cluster | None:
        """The one that is shown first."""
        return self.clusters[0] if self.clusters else None

    @property
    def verdict(self) -> Verdict:
        """The worst that a run showed."""
        if any(cluster.is_unsafe for cluster in self.clusters):
            return Verdict.UNSAFE
        if self.clusters:
            return Verdict.DIVERGED
        return Verdict.FAILED if self.not_compared else Verdict.MATCH

    @property
    def by_results_and_effects(self) -> bool:
        """Whether it is noticed without any invariant, those of a bus included."""
        return any(cluster.at.kind not in INVARIANTS for cluster in self.clusters)

    def problems(self, accident: Accident, *, whole: bool) -> list[str]:
        """What is not as expected, as sentences; a part of the runs may show less than the `whole`."""
        found = []
        allowed = {accident.verdict} if whole else {accident.verdict, Verdict.DIVERGED}
        if self.verdict not in allowed:
            found.append(f"the verdict was {self.verdict}, expected {accident.verdict}")
        if self.first is None:
            found.append("no cluster was shown")
        elif not any(place.covers(self.first.at) for place in accident.first):
            wanted = " or ".join(f"{one.seam} {one.place} {one.kind}" for one in accident.first)
            at = self.first.at
            found.append(f"the first cluster was {at.seam} {at.place} {at.kind}, expected {wanted}")
        if self.not_compared and not self.would_judge:
            found.append(f"{self.not_compared} runs were not compared, and nothing was named that would")
        return found
