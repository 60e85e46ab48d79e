"""Where the numbers of a cluster lie: legacy's above a line, the candidate's below it, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median_low

from changeover.quick_dataclass import dataclass

BINS = 40
WIDTH, HALF = 640.0, 26.0
NUMBERS_MIN = 3
EXPONENT_MAX = 40
_DIGITS_SHOWN_MAX = 12


@dataclass(frozen=True, slots=True)
class SpreadBar:
    """One bar of the drawing."""

    x: float
    y: float
    width: float
    height: float
    side: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, median and largest of both and of the change; `always` is what holds of every pair."""

    bars: tuple[SpreadBar, ...]
    begin: str
    end: str
    legacy: tuple[str, str, str]
    candidate: tuple[str, str, str]
    change: tuple[str, str, str]
    numbers: int
    always: str = ""

    @property
    def said(self) -> str:
        """The drawing in words."""
        sides = (
            ("legacy", self.legacy),
            ("candidate", self.candidate),
            ("candidate minus legacy", self.change),
        )
        said = "; ".join(f"{name} from {low} to {high}, median {mid}" for name, (low, mid, high) in sides)
        return f"{said}; {self.always}" if self.always else said


def relation(pairs: Sequence[tuple[Decimal, Decimal]]) -> str:
    """What holds of all pairs, exactly: one change, or one factor; empty where neither does.

    A factor is looked for where legacy's numbers are not all the same, for else both hold of any pairs.
    """
    if any(abs(number.adjusted()) > EXPONENT_MAX for pair in pairs for number in pair):
        return ""  # a fraction would write out every digit
    changes = {Fraction(new) - Fraction(old) for old, new in pairs}
    if len({old for old, _ in pairs}) < 2:
        return ""
    if len(changes) == 1:
        (change,) = changes
        return f"always {_exactly(abs(change))} {'more' if change > 0 else 'less'} than legacy"
    if any(not old for old, _ in pairs):
        return ""
    factors = {Fraction(new) / Fraction(old) for old, new in pairs}
    return f"always {_exactly(factors.pop())} times legacy" if len(factors) == 1 else ""


def _exactly(number: Fraction) -> str:
    """As a decimal number where it is a short one, else as a fraction: 0.25, 1/3."""
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    is_short = len(text) <= _DIGITS_SHOWN_MAX and Fraction(Decimal(text)) == number
    return text if is_short else f"{number.numerator:,}/{number.denominator:,}"


def spread(pairs: Sequence[tuple[Decimal, Decimal]]) -> Spread | None:
    """The drawing; None for a few pairs, or where all numbers are one."""
    if len(pairs) < NUMBERS_MIN:
        return None
    legacy, candidate = [one for one, _ in pairs], [one for _, one in pairs]
    low, high = min(*legacy, *candidate), max(*legacy, *candidate)
    try:
        places = [[_bin(number, low, high) for number in side] for side in (legacy, candidate)]
        change = [new - old for old, new in pairs]
        always = relation(pairs)
    except ArithmeticError:  # numbers too large or too far apart for a scale
        return None
    counts = [[numbers.count(at) for at in range(BINS)] for numbers in places]
    tallest = max(map(max, counts))
    step = WIDTH / BINS
    bars = []
    for side, numbers in zip(("legacy", "candidate"), counts, strict=True):
        for at, number in enumerate(numbers):
            if number:
                height = round(max(HALF * number / tallest, 2.0), 1)
                y = round(HALF - height, 1) if side == "legacy" else HALF + 1
                bars.append(SpreadBar(round(step * at, 1), y, round(step - 1, 1), height, side))
    sides = _three(legacy), _three(candidate), _three(change)
    return Spread(tuple(bars), number_text(low), number_text(high), *sides, len(pairs), always)


def _bin(number: Decimal, low: Decimal, high: Decimal) -> int:
    return min(BINS - 1, int((number - low) / (high - low) * BINS)) if high > low else BINS // 2


def _three(numbers: Sequence[Decimal]) -> tuple[str, str, str]:
    return number_text(min(numbers)), number_text(median_low(numbers)), number_text(max(numbers))


def number_text(number: Decimal) -> str:
    """As it is written; a long one by its first digits."""
    text = f"{number:f}" if abs(number.adjusted()) < _DIGITS_SHOWN_MAX else str(number)
    return text if len(text) <= _DIGITS_SHOWN_MAX else f"{number:.6g}"
