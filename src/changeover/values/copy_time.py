"""How long the copies of one run may take: the caller of a program that serves waits for them."""

from __future__ import annotations

from changeover.quick_dataclass import dataclass
from changeover.values.snapshot_error import SnapshotError


@dataclass(slots=True)
class CopyTime:
    """What is left of it, in seconds of the thread's own CPU time.

    The time of a copy counts from its hundredth part on: to look at the clock for a smaller one would take
    longer than to copy it.
    """

    left: float


class TookTooLong(SnapshotError):
    """The copies of a run took longer than `record_seconds_max`."""
