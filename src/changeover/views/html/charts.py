"""What the page draws: verdicts by seam and period, and own times of both paths as paired dots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil, floor, log10
from statistics import median

from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.summary import PeriodCell, PeriodLabel
from changeover.evidence.tallies import NOT_COMPARED, SeamTally
from changeover.quick_dataclass import dataclass
from changeover.values.verdict import Verdict
from changeover.views.html.data import UNSAFE, ReportData, period_of
from changeover.views.rows import short_names

EMPTY = "no run"
ROWS_SHOWN_MAX = 10
_WORDS = {verdict: str(verdict) for verdict in Verdict}
_WORDS |= {Verdict.UNSAFE: UNSAFE} | dict.fromkeys(NOT_COMPARED, "not compared")


@dataclass(frozen=True, slots=True)
class Cell:
    """`word` is the worst verdict of the period; `begins` says that a year begins here."""

    label: str
    word: str
    runs: int
    diverged: int
    begins: bool

    @property
    def said(self) -> str:
        """The cell in words."""
        if not self.runs:
            return f"{self.label}: {EMPTY}"
        differ = f"{self.diverged:,} of {self.runs:,} runs differ" if self.diverged else f"{self.runs:,} runs"
        return f"{self.label}: {self.word}, {differ}"


@dataclass(frozen=True, slots=True)
class Row:
    """One seam; `name` is short where that is unambiguous."""

    seam: str
    name: str
    counts: SeamTally
    cells: tuple[Cell, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether something differs or was not compared."""
        return bool(self.counts.diverged or self.counts.not_compared or not self.counts.runs)

    @property
    def badness(self) -> tuple[int, int, int]:
        """Of two rows the lower one is shown first."""
        return -self.counts.unsafe, -self.counts.diverged, -self.counts.not_compared

    @property
    def word(self) -> str:
        """Beside the row only where an effect differs."""
        return UNSAFE if self.counts.unsafe else ""


@dataclass(frozen=True, slots=True)
class Period:
    """What all seams showed in one period, at an anchor; `runs` differ or were not compared."""

    label: str
    anchor: str
    heading: str
    cells: tuple[tuple[str, Cell], ...]
    runs: tuple[StoredRun, ...] = ()

    @property
    def cases(self) -> list[tuple[str, str, str]]:
        """Each case with its worst verdict, and the seams that it differs in."""
        found: dict[str, list[StoredRun]] = {}
        for run in self.runs:
            found.setdefault(run.name, []).append(run)
        cases = []
        for name, runs in found.items():
            worst = min((run.verdict for run in runs), key=lambda verdict: verdict.severity)
            seams = ", ".join(dict.fromkeys(run.seam for run in runs))
            cases.append((name, _WORDS[worst], seams))
        return cases

    @property
    def all_runs(self) -> int:
        """Over all seams."""
        return sum(cell.runs for _, cell in self.cells)

    @property
    def diverged(self) -> int:
        """Over all seams."""
        return sum(cell.diverged for _, cell in self.cells)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows in the order of the plan; `total` is the sum of them. `period` names what a cell is."""

    rows: tuple[Row, ...]
    total: SeamTally
    periods: tuple[Period, ...]
    period: str

    @property
    def shown(self) -> tuple[Row, ...]:
        """All where they are few, else the worst of those in which something is wrong."""
        if len(self.rows) <= ROWS_SHOWN_MAX:
            return self.rows
        wrong = sorted((row for row in self.rows if row.is_wrong), key=lambda row: row.badness)
        kept = {row.seam for row in wrong[:ROWS_SHOWN_MAX]}
        return tuple(row for row in self.rows if row.seam in kept)

    @property
    def folded(self) -> tuple[Row, ...]:
        """The others."""
        shown = {row.seam for row in self.shown}
        return tuple(row for row in self.rows if row.seam not in shown)

    @property
    def folded_differ(self) -> int:
        """In how many of the others something is wrong."""
        return sum(row.is_wrong for row in self.folded)


def matrix(data: ReportData) -> Matrix:
    """The matrix of the comparison."""
    timeline = data.corpus.summary.periods
    labels = timeline.labels
    names = short_names(list(data.corpus.seams))
    rows = tuple(
        Row(seam, names[seam], tally, _cells(labels, timeline.seams.get(seam, ())))
        for seam, tally in in_plan_order(data)
    )
    found = tuple(
        Period(
            label.text,
            f"runs-{number + 1}",
            # Where it does not run into the next one.
            "" if _heading(labels, number + 1) else _heading(labels, number),
            tuple((row.seam, row.cells[number]) for row in rows if row.cells[number].runs),
            tuple(run for run in data.runs if period_of(run) == label.text),
        )
        for number, label in enumerate(labels)
    )
    return Matrix(rows, data.total, found, "quarter" if timeline.is_by_quarter else "part")


def in_plan_order(data: ReportData) -> list[tuple[str, SeamTally]]:
    """The seams of the comparison, phase by phase as the plan has them; unknown ones last."""
    order = {seam: number for number, seam in enumerate(seam for one in data.phases for seam in one.seams)}
    return sorted(data.corpus.seams.items(), key=lambda item: order.get(item[0], len(order)))


def _cells(labels: Sequence[PeriodLabel], found: Sequence[PeriodCell]) -> tuple[Cell, ...]:
    cells = []
    for number, label in enumerate(labels):
        cell = found[number] if number < len(found) else PeriodCell()
        word = EMPTY if cell.worst is None or not cell.runs else _WORDS[cell.worst]
        cells.append(Cell(label.text, word, cell.runs, cell.diverged, bool(_heading(labels, number))))
    return tuple(cells)


def _heading(labels: Sequence[PeriodLabel], number: int) -> str:
    """The year above its first quarter; nothing above the others."""
    year = labels[number].year if number < len(labels) else None
    return "" if year is None or (number and labels[number - 1].year == year) else str(year)


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
    """Dots from the fastest run of legacy to its slowest, on a logarithmic scale of seconds.

    `median_text` says how many times longer the candidate takes in the middle run.
    """

    pairs: tuple[Pair, ...]
    ticks: tuple[tuple[float, str], ...]
    median_text: str


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
    return Drawing(dots, tuple(_ticks(low, high, y)), f"x {median(ratios):.2f}" if ratios else "-")


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
