"""A divergence that is accepted for now: by whom, why, and until when. Never one of an effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Waiver:
    """`cluster` is the beginning of a digest, at least six digits; `until` is the last day it holds on."""

    cluster: str
    owner: str
    reason: str
    until: date

    def covers(self, digest: str) -> bool:
        """Whether it speaks of this cluster."""
        return digest.startswith(self.cluster)

    def has_expired(self, today: date) -> bool:
        """From the day after `until`."""
        return today > self.until
