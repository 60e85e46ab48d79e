"""The matrix: one row a seam, one cell a period, shaded by its worst verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.summary import PeriodCell, PeriodLabel
from changeover.evidence.tallies import SeamTally
from changeover.values.divergence import Verdict
from changeover.views.html.data import DIVERGED, MATCH, UNSAFE, ReportData, period_of
from changeover.views.shared_rows import short_names

NOT_COMPARED = "not compared"
EMPTY = "no run"
_WORDS = {
    Verdict.UNSAFE: UNSAFE,
    Verdict.DIVERGED: DIVERGED,
    Verdict.FAILED: NOT_COMPARED,
    Verdict.UNPAIRED: NOT_COMPARED,
    Verdict.VACUOUS: NOT_COMPARED,
    Verdict.MATCH: MATCH,
}


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
        differ = (
            f", {self.diverged:,} of {self.runs:,} runs differ" if self.diverged else f", {self.runs:,} runs"
        )
        return f"{self.label}: {self.word}{differ}"

    @property
    def shade(self) -> str:
        """The word as a class of the style sheet."""
        return self.word.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Row:
    """One seam; `name` is short where that is unambiguous."""

    seam: str
    name: str
    phase: str
    counts: SeamTally
    cells: tuple[Cell, ...]

    @property
    def word(self) -> str:
        """Beside the row only where an effect differs."""
        return UNSAFE if self.counts.unsafe else ""


@dataclass(frozen=True, slots=True)
class Period:
    """What all seams showed in one period; `runs` are some that differ or were not compared."""

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
        return [
            (
                name,
                _WORDS.get(min((run.verdict for run in runs), key=lambda one: one.severity), ""),
                ", ".join(dict.fromkeys(run.seam for run in runs)),
            )
            for name, runs in found.items()
        ]

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


def matrix(data: ReportData) -> Matrix:
    """The matrix of the comparison."""
    corpus = data.corpus
    timeline = corpus.summary.periods
    labels = timeline.labels
    names = short_names(list(corpus.seams))
    rows = tuple(
        Row(seam, names[seam], tally.phase, tally, _cells(labels, timeline.seams.get(seam, ())))
        for seam, tally in in_plan_order(data)
    )
    found = tuple(
        Period(
            label.text,
            period_anchor(number),
            _fitting(labels, number),
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


def period_anchor(number: int) -> str:
    """Where the runs of a period stand on the page."""
    return f"runs-{number + 1}"


def _cells(labels: Sequence[PeriodLabel], found: Sequence[PeriodCell]) -> tuple[Cell, ...]:
    cells = []
    for number, label in enumerate(labels):
        cell = found[number] if number < len(found) else PeriodCell()
        word = EMPTY if cell.worst is None or not cell.runs else _WORDS.get(cell.worst, str(cell.worst))
        cells.append(Cell(label.text, word, cell.runs, cell.diverged, bool(_heading(labels, number))))
    return tuple(cells)


def _heading(labels: Sequence[PeriodLabel], number: int) -> str:
    """The year above its first quarter; nothing above the others."""
    year = labels[number].year
    return "" if year is None or (number and labels[number - 1].year == year) else str(year)


def _fitting(labels: Sequence[PeriodLabel], number: int) -> str:
    """The same, where it does not run into the next one."""
    following = labels[number + 1 : number + 2]
    return "" if following and _heading(labels, number + 1) else _heading(labels, number)
