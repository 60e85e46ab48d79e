"""What explorations have found: by cluster the smallest schedule that shows it."""

from __future__ import annotations

from changeover.errors import ConfigurationError
from changeover.evidence.store.records import EXPLORED
from changeover.evidence.store.store import StorePlace, read_evidence
from changeover.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ExploredSchedule:
    """The case and the schedule in which a cluster was seen; `seed` is that of the source."""

    seam: str
    case: str
    schedule: str
    seed: int


def failing_schedule(store: StorePlace, cluster: str) -> ExploredSchedule | None:
    """Of the latest exploration that found a cluster whose digest begins so; raises ConfigurationError.

    None where there is none.
    """
    for review in read_evidence(store).reviews:
        if review.kind != EXPLORED:
            continue
        found = [one for one in review.body.get("failing", ()) if str(one["cluster"]).startswith(cluster)]
        if len({one["cluster"] for one in found}) > 1:
            raise ConfigurationError(cluster, f"begins {len(found)} clusters: write more of it")
        for one in found:
            return ExploredSchedule(
                review.name, one["case"], one["schedule"], int(review.body.get("seed", 0))
            )
    return None
