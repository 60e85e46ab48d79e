"""When a gate would have seen enough of production: worked out from what came so far, and only from that."""

from __future__ import annotations

from math import ceil

from changeover.gate.inputs import GateInputs
from changeover.gate.production import Production
from changeover.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """So much was found of what is needed; `needed` is None where no number of runs would be enough."""

    found: int
    needed: int | None

    @property
    def is_reached(self) -> bool:
        """Whether nothing is missing."""
        return self.needed is not None and self.found >= self.needed


@dataclass(frozen=True, slots=True)
class Forecast:
    """What production has to show before a gate may pass, and in how many days it would have.

    `inputs` are distinct inputs of the seam that shows least, `days` those with a run. `days_left` is 0 where
    nothing is missing, None where nobody can tell: no run came yet, or no number of runs would be enough.
    """

    seam: str
    inputs: Progress
    days: Progress
    days_left: int | None


def forecast(inputs: GateInputs, production: Production) -> Forecast | None:
    """The forecast of a gate; None where it asks nothing of production.

    Distinct inputs and days are taken to come as often as between the first run that counts and today, days
    without a run among them. For example 120 distinct inputs on 9 of the last 12 days: 10 a day, so that 60
    more take 6 days; and 3 more days with runs take 4, as every fourth day had none. The longer one counts.
    """
    criteria = inputs.gate.production
    if criteria is None or not inputs.phase.seams:
        return None
    if not production.distinct_inputs:
        return None
    worst = production.worst(criteria.confidence)
    seen = Progress(worst.seen, worst.needed(criteria))
    days = Progress(len(production.days), criteria.span_days)
    if seen.needed is None:
        return Forecast(worst.seam, seen, days, None)
    if seen.is_reached and days.is_reached:
        return Forecast(worst.seam, seen, days, 0)
    if not production.days:
        return Forecast(worst.seam, seen, days, None)
    elapsed = max(1, (inputs.now.date() - production.days[0]).days + 1)
    left = [days_until(one, elapsed) for one in (seen, days)]
    known = [one for one in left if one is not None]
    return Forecast(worst.seam, seen, days, max(known) if len(known) == len(left) else None)


def days_until(progress: Progress, elapsed: int) -> int | None:
    """How many days more until as much is found as is needed; None where nothing came in `elapsed` days."""
    if progress.is_reached:
        return 0
    if not progress.found or progress.needed is None:
        return None
    return ceil((progress.needed - progress.found) * elapsed / progress.found)
