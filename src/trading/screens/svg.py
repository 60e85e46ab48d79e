"""Curves as inline SVG: coordinates only, colours are the page's."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing area in SVG units, and the values at its lower and upper edge."""

    width: float
    height: float
    low: float
    high: float

    def x(self, index: int, count: int) -> float:
        """Where the index-th of `count` points stands."""
        return round(self.width * index / max(count - 1, 1), 1)

    def y(self, value: float) -> float:
        """Where a value stands; SVG counts downwards."""
        span = (self.high - self.low) or 1.0
        return round(self.height * (1 - (value - self.low) / span), 1)


def polyline(values: Sequence[float], frame: Frame) -> str:
    """The `points` of a line through all values."""
    count = len(values)
    return " ".join(f"{frame.x(index, count)},{frame.y(value)}" for index, value in enumerate(values))


def area(values: Sequence[float], frame: Frame, base: float) -> str:
    """The `points` of the surface between the values and `base`."""
    foot = frame.y(base)
    return f"0,{foot} {polyline(values, frame)} {frame.width},{foot}"


def round_ticks(low: float, high: float, about: int) -> list[float]:
    """Round values within a span, 1, 2 or 5 times a power of ten apart."""
    span = (high - low) or 1.0
    step = 10.0 ** (len(str(int(span / about))) - 1)
    step *= next((factor for factor in (1, 2, 5, 10) if span / (step * factor) <= about), 10)
    first = int(low // step) + 1
    return [step * number for number in range(first, int(high // step) + 1)]


def year_starts(days: Sequence[date]) -> dict[int, int]:
    """The index of the first day of each year that begins within the span."""
    return {
        day.year: index
        for index, (before, day) in enumerate(itertools.pairwise(days), start=1)
        if before.year != day.year
    }
