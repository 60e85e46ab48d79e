"""Which differences are accepted for now: asked by the judge of every run, and by screens about clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from changeover.compare.cluster import Cluster, fingerprint_of
from changeover.errors import ConfigurationError
from changeover.gate.waiver import Waiver
from changeover.gate.waivers_file import load_waivers
from changeover.values.divergence import Divergence

Today = Callable[[], date]


def today_utc() -> date:
    """The day on which waivers expire is one and the same everywhere."""
    return datetime.now(UTC).date()


class Waivers:
    """Asked about one difference at a time; never covers one of an effect."""

    def __init__(self, waivers: Iterable[Waiver], today: Today = today_utc) -> None:
        self.all = tuple(waivers)
        self._today = today

    def __call__(self, seam: str, divergence: Divergence) -> bool:
        """Whether somebody accepted it, until today or later."""
        if not self.all or divergence.is_unsafe:
            return False
        today, digest = self._today(), fingerprint_of(seam, divergence).digest
        return any(one.covers(digest) and not one.has_expired(today) for one in self.all)


def waivers_of(path: Path, note: Callable[[str], None], today: Today = today_utc) -> Waivers:
    """The waivers of a file for a program that runs: a wrong one waives nothing, and `note` is told why."""
    try:
        return Waivers(load_waivers(path, today()), today)
    except ConfigurationError as error:
        note(f"no difference is waived: {error}")
        return Waivers((), today)


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What one waiver covers in a comparison: so many runs, none where it matches nothing any more."""

    waiver: Waiver
    runs: int
    expired: bool


def waiver_uses(waivers: Sequence[Waiver], clusters: Sequence[Cluster], today: date) -> tuple[WaiverUse, ...]:
    """Every waiver with the runs of the clusters it names, in the order of the file."""
    return tuple(
        WaiverUse(
            waiver,
            sum(one.runs for one in clusters if waiver.covers(one.fingerprint.digest) and not one.is_unsafe),
            waiver.has_expired(today),
        )
        for waiver in waivers
    )
