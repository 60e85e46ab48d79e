"""How often something may still differ after so many comparisons: exact, one-sided, rounded up.

Clopper and Pearson (1934): the upper bound is the rate at which seeing at most k divergences in n independent
comparisons has become as improbable as one minus the confidence. With k = 0 it is `1 - (1 - c)^(1/n)`.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from math import exp, expm1, fsum, lgamma, log, log1p

CONFIDENCE = 0.95
LOOKS_MAX = 50_000
_HALVINGS = 200
_NEGLIGIBLE = 1e-18


@lru_cache(maxsize=4_096)
def upper_bound(divergences: int, comparisons: int, confidence: float = CONFIDENCE) -> float:
    """The largest rate that is not excluded; 1.0 where nothing was compared. Raises ValueError."""
    if not 0 <= divergences <= comparisons or not 0 < confidence < 1:
        raise ValueError(f"no bound for {divergences} of {comparisons} at confidence {confidence}")
    if divergences == comparisons:
        return 1.0
    if divergences == 0:
        return -expm1(log1p(-confidence) / comparisons)
    low, high = divergences / comparisons, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _at_most(divergences, comparisons, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def is_excluded(rate: float, divergences: int, comparisons: int, confidence: float = CONFIDENCE) -> bool:
    """Whether the upper bound is no larger than a rate: the same answer, without looking for the bound."""
    if divergences in (0, comparisons):
        return upper_bound(divergences, comparisons, confidence) <= rate
    is_above = rate > divergences / comparisons
    return is_above and _at_most(divergences, comparisons, rate) <= 1 - confidence


def comparisons_needed(rate: float, confidence: float = CONFIDENCE) -> int:
    """How many comparisons without a divergence exclude this rate."""
    needed = max(1, int(log1p(-confidence) / log1p(-rate)) - 1)
    while upper_bound(0, needed, confidence) > rate:
        needed += 1
    return needed


@lru_cache(maxsize=64)
def repeated_looks(rate: float, confidence: float, comparisons: int) -> float | None:
    """The chance that one who looks after every comparison sees the bound at or below `rate` at least once.

    Exact, for a true rate of exactly `rate` and looks up to so many comparisons; one look alone has a chance
    of at most one minus the confidence. None beyond `LOOKS_MAX`. The distribution of the number of
    divergences is carried from look to look, without those that have passed already.
    """
    if comparisons > LOOKS_MAX:
        return None
    passed, allowed = 0.0, -1
    waiting = [1.0]
    for seen in range(1, comparisons + 1):
        stepped = [chance * (1 - rate) for chance in waiting] + [0.0]
        for count, chance in enumerate(waiting):
            stepped[count + 1] += chance * rate
        while _at_most(allowed + 1, seen, rate) <= 1 - confidence:
            allowed += 1
        for count in range(min(allowed + 1, len(stepped))):
            passed += stepped[count]
            stepped[count] = 0.0
        while len(stepped) > 1 and stepped[-1] < _NEGLIGIBLE:
            stepped.pop()
        waiting = stepped
    return passed


def percent_above(rate: float, digits: int = 3) -> str:
    """The rate in percent to so many significant digits, never less than it is: `0.139 %`."""
    percent = Decimal(repr(rate)) * 100
    if not percent:
        return "0 %"
    step = Decimal(1).scaleb(percent.adjusted() - digits + 1)
    rounded = percent.quantize(step, rounding=ROUND_CEILING)
    return f"{rounded.normalize() if rounded >= 100 else rounded:f} %"


def _at_most(divergences: int, comparisons: int, rate: float) -> float:
    """The probability of at most so many divergences: the binomial tail, summed in logarithms."""
    yes, no = log(rate), log1p(-rate)
    return fsum(
        exp(
            lgamma(comparisons + 1)
            - lgamma(count + 1)
            - lgamma(comparisons - count + 1)
            + count * yes
            + (comparisons - count) * no
        )
        for count in range(divergences + 1)
    )
