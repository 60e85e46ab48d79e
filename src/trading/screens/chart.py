"""A curve small enough for a terminal."""

from collections.abc import Sequence
from datetime import date

EIGHTHS = " ▁▂▃▄▅▆▇█"
LABEL_WIDTH = 12


def draw_curve(days: Sequence[date], values: Sequence[float], *, width: int, height: int) -> list[str]:
    """Columns of eighth blocks over a labelled axis; each column is the last value of its share of the days.

    The foot of the chart is the lowest value drawn, not zero: the label says which.
    """
    columns = min(width, len(values))
    picked = [values[(index + 1) * len(values) // columns - 1] for index in range(columns)]
    low, high = min(picked), max(picked)
    span = (high - low) or 1.0
    levels = [1 + round((value - low) / span * (height * 8 - 1)) for value in picked]
    top, foot = f"{high:,.0f}", f"{low:,.0f}"
    margin = max(LABEL_WIDTH, len(top), len(foot))
    lines = []
    for row in range(height - 1, -1, -1):
        cells = "".join(EIGHTHS[max(0, min(8, level - row * 8))] for level in levels)
        label = top if row == height - 1 else foot if row == 0 else ""
        lines.append(f"{label:>{margin}} ┤{cells}".rstrip())
    first, last = days[0].isoformat(), days[-1].isoformat()
    lines.append(f"{'':{margin}}  {first}{last:>{max(columns - len(first), len(last) + 1)}}")
    return lines
