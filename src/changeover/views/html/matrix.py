"""The matrix: one row a seam, one cell a period, shaded by its worst verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.values.verdict import Verdict
from changeover.views.html.data import DIVERGED, MATCH, UNSAFE, NamedRun, ReportData, VerdictCounts, counts_of

NOT_COMPARED = "not compared"
EMPTY = "no run"
_SAID = {
    Verdict.UNSAFE: UNSAFE,
    Verdict.DIVERGED: DIVERGED,
    Verdict.FAILED: NOT_COMPARED,
    Verdict.UNPAIRED: NOT_COMPARED,
    Verdict.VACUOUS: NOT_COMPARED,
    Verdict.MATCH: MATCH,
}
_QUARTER = re.compile(r"(?P<year>\d{4})[- ]?Q[1-4]")


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
    counts: VerdictCounts
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
    runs: tuple[NamedRun, ...] = ()

    @property
    def cases(self) -> list[tuple[str, str, str]]:
        """Each case with its worst verdict, and the seams that it differs in."""
        found: dict[str, list[NamedRun]] = {}
        for run in self.runs:
            found.setdefault(run.name, []).append(run)
        return [
            (
                name,
                _SAID.get(min((run.verdict for run in runs), key=lambda one: one.severity), ""),
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
    total: VerdictCounts
    periods: tuple[Period, ...]
    period: str


def matrix(data: ReportData) -> Matrix:
    """The matrix of the comparison."""
    corpus = data.corpus
    periods = corpus.summary.get("periods") or {}
    labels = [str(label) for label in periods.get("labels", ())]
    names = short_names(list(corpus.seams))
    cells = {seam: _cells(labels, (periods.get("seams") or {}).get(seam, ())) for seam in corpus.seams}
    rows = tuple(
        Row(seam, names[seam], counts.phase, counts_of([counts]), cells[seam])
        for seam, counts in in_plan_order(data)
    )
    found = tuple(
        Period(
            label,
            period_anchor(number),
            _fitting(labels, number),
            tuple((row.seam, row.cells[number]) for row in rows if row.cells[number].runs),
            tuple(run for run in data.runs if run.period == label),
        )
        for number, label in enumerate(labels)
    )
    return Matrix(rows, counts_of(list(corpus.seams.values())), found, _called(labels))


def in_plan_order(data: ReportData) -> list[tuple[str, Any]]:
    """The seams of the comparison, phase by phase as the plan has them; unknown ones last."""
    order = {seam: number for number, seam in enumerate(seam for one in data.phases for seam in one.seams)}
    return sorted(data.corpus.seams.items(), key=lambda item: order.get(item[0], len(order)))


def short_names(seams: Sequence[str]) -> Mapping[str, str]:
    """Names without their first word, where they stay different."""
    short = {seam: seam.partition(".")[2] or seam for seam in seams}
    return short if len(set(short.values())) == len(seams) else {seam: seam for seam in seams}


def period_anchor(number: int) -> str:
    """Where the runs of a period stand on the page."""
    return f"runs-{number + 1}"


def _cells(labels: Sequence[str], found: Sequence[Sequence[Any]]) -> tuple[Cell, ...]:
    cells = []
    for number, label in enumerate(labels):
        worst, runs, diverged = found[number] if number < len(found) else (None, 0, 0)
        word = EMPTY if worst is None or not runs else _SAID.get(Verdict(worst), str(worst))
        cells.append(Cell(label, word, int(runs), int(diverged), bool(_heading(labels, number))))
    return tuple(cells)


def _heading(labels: Sequence[str], number: int) -> str:
    """The year above its first quarter; nothing above the others."""
    quarter = _QUARTER.fullmatch(labels[number])
    before = _QUARTER.fullmatch(labels[number - 1]) if number else None
    if quarter is None or (before is not None and before["year"] == quarter["year"]):
        return ""
    return quarter["year"]


def _fitting(labels: Sequence[str], number: int) -> str:
    """The same, where it does not run into the next one."""
    following = labels[number + 1 : number + 2]
    return "" if following and _heading(labels, number + 1) else _heading(labels, number)


def _called(labels: Sequence[str]) -> str:
    if labels and all(_QUARTER.fullmatch(label) for label in labels):
        return "quarter"
    return "part"
