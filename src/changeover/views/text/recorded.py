"""What programs recorded for workers, in the first line of `status`."""

from __future__ import annotations

from datetime import datetime

from changeover.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class RecordedStatus:
    """What programs recorded for workers: recorded is the sum of replayed, waiting and dropped.

    `unwatched` says why nobody watches, None where somebody does.
    """

    recorded: int
    waiting: int
    replayed: int
    dropped: int
    lag_s: float
    seen_at: datetime | None
    unwatched: str | None

    def __str__(self) -> str:
        seen = "never seen" if self.seen_at is None else f"seen {self.seen_at:%Y-%m-%d %H:%M:%SZ}"
        return (
            f"recorded {self.recorded:,}   waiting {self.waiting:,}   replayed {self.replayed:,}   "
            f"dropped {self.dropped:,}   lag {self.lag_s:,.0f} s   worker {seen}"
        )
