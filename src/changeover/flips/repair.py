"""Making the history agree with good flags again: lines are added that say what it lacked."""

from __future__ import annotations

from datetime import datetime

from changeover.flips.change import cause_of
from changeover.flips.place import Place, Stages
from changeover.flips.standing import read_standing
from changeover.rollout.commit import NotWrittenError
from changeover.rollout.history import encoded, read_lines
from changeover.rollout.verify import REPAIR, agreement, repairs

REASON_CHARACTERS_MAX = 600


def repair(place: Place, stages: Stages | None, who: str, now: datetime) -> int:
    """Add what is needed, and say how many lines that took; what a line cannot mend is left as it is.

    Raises ConfigurationError or LockHeldError where it cannot be written.
    """
    with place.lock():
        standing, lines = read_standing(place.flags, stages), read_lines(place.history)
        findings = [one for one in agreement(standing, lines).findings if one.repair == REPAIR]
        if not findings or standing.problem is not None:
            return 0
        reason = "; ".join(one.text for one in findings)[:REASON_CHARACTERS_MAX]
        entries = repairs(standing, lines, standing.whole(stages), cause_of("repair", who, reason, now))
        try:
            place.files.append(place.history, encoded(entries))
        except OSError as error:
            raise NotWrittenError(
                str(place.history), f"could not be written: {error.strerror or error}"
            ) from error
        return len(entries)
