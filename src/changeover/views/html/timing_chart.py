"""Own times of both paths as paired dots: coordinates only, colours are the page's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from statistics import median

WIDTH, HEIGHT = 1000.0, 220.0
PAIRS_SHOWN_MAX = 200
_SHORTEST_S = 1e-7
_FEW_DECADES = 1.5


@dataclass(frozen=True, slots=True)
class Pair:
    """Where the two dots of one run stand."""

    x: float
    legacy_y: float
    candidate_y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Dots from the fastest run of legacy to its slowest, on a logarithmic scale of seconds."""

    pairs: tuple[Pair, ...]
    ticks: tuple[tuple[float, str], ...]
    median_ratio: float | None

    @property
    def median_text(self) -> str:
        """How many times longer the candidate takes in the middle run."""
        return "-" if self.median_ratio is None else f"x {self.median_ratio:.2f}"


def paired_dots(times: Iterable[Sequence[float]]) -> Drawing | None:
    """The drawing, None without times. Both paths are in seconds."""
    pairs = sorted((float(legacy), float(candidate)) for legacy, candidate in times)[:PAIRS_SHOWN_MAX]
    if not pairs:
        return None
    logs = [tuple(log10(max(side, _SHORTEST_S)) for side in pair) for pair in pairs]
    low = floor(min(min(pair) for pair in logs) * 2) / 2
    high = max(ceil(max(max(pair) for pair in logs) * 2) / 2, low + 0.5)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - (value - low) / (high - low)), 1)

    step = WIDTH / len(pairs)
    dots = tuple(
        Pair(round(step * (number + 0.5), 1), y(legacy), y(candidate))
        for number, (legacy, candidate) in enumerate(logs)
    )
    ratios = [candidate / legacy for legacy, candidate in pairs if legacy > 0]
    return Drawing(dots, tuple(_ticks(low, high, y)), median(ratios) if ratios else None)


def _ticks(low: float, high: float, y: Callable[[float], float]) -> Iterator[tuple[float, str]]:
    """1, 2 and 5 times the powers of ten within the scale; the powers alone where these are many."""
    factors = (1, 2, 5) if high - low <= _FEW_DECADES else (1,)
    for power in range(floor(low), ceil(high) + 1):
        for factor in factors:
            value = power + log10(factor)
            if low <= value <= high:
                yield y(value), duration_text(factor * 10.0**power)


def duration_text(seconds: float) -> str:
    """Three digits in the unit that fits: `1.83 ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            amount = seconds / size
            return f"{amount:.{0 if amount >= 100 else 1 if amount >= 10 else 2}f} {unit}"
    return f"{seconds * 1e6:.2f} µs"
