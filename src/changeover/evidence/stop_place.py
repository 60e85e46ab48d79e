"""Where in a replay to stop: at the first call in which the paths part, else at the return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from changeover.evidence.run_record import RunRecord
from changeover.replay.debugging import Stop
from changeover.values.divergence import AFTER_ALL, Divergence
from changeover.values.value_text import change_text
from changeover.values.verdict import Verdict

PLACES_TOLD_MAX = 5
_TO_LOOK_AT = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED, Verdict.FAILED)


def stop_place(records: Sequence[RunRecord]) -> Stop | None:
    """The place in the worst run of a case, of equals in the first; None where nothing differs."""
    passages: Counter[str] = Counter()
    numbered = []
    for record in records:
        passages[record.seam] += 1
        numbered.append((record, passages[record.seam]))
    wrong = [one for one in numbered if one[0].verdict in _TO_LOOK_AT]
    if not wrong:
        return None
    record, passage = min(wrong, key=lambda one: one[0].verdict.severity)
    found = () if record.found is None else record.found.divergences
    told = [f"{one.place}   {change_text(one.legacy, one.candidate)}" for one in _first(found)]
    position = min(
        (one.replayed_at for one in found if one.replayed_at and one.replayed_at < AFTER_ALL), default=None
    )
    lost = record.not_compared
    if lost is not None:
        told = [f"not compared: {lost.reason} {lost.place}"]
        if lost.asked is not None and lost.asked_by is record.answered_by.other:
            position = lost.asked.position
    left_out = len(found) - len(told)
    told += [f"and {left_out:,} places more"] if left_out > 0 else []
    return Stop(record.seam, record.answered_by.other, passage, position, tuple(told))


def _first(found: Sequence[Divergence]) -> list[Divergence]:
    """In the order in which the replayed path meets them; what follows from others comes after."""
    ranked = sorted(found, key=lambda one: (one.consequence_of is not None, one.replayed_at or AFTER_ALL))
    return ranked[:PLACES_TOLD_MAX]
