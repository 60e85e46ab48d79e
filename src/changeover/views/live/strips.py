"""Verdicts over time as rows of cells, a period each, and beside them what was moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from changeover.evidence.over_time import OverTime, Period
from changeover.evidence.tallies import NOT_COMPARED, SeamTally
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.values.verdict import Verdict
from changeover.views.layout import plural

EMPTY = "no run"
WORDS = {verdict: str(verdict) for verdict in Verdict}
WORDS |= {Verdict.UNSAFE: "UNSAFE"} | dict.fromkeys(NOT_COMPARED, "not compared")
BAD_SHARE = 0.5
"""Only where so many runs could not be compared does that colour a cell in which nothing differs."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One period of one row: its worst verdict in a word, and in a sentence."""

    period: Period
    word: str
    said: str
    begins: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One row; `said` is the row in a sentence, for whoever cannot see it."""

    name: str
    cells: tuple[Cell, ...]
    total: SeamTally
    said: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved in one period, and in which of the marks that is worst: trip, back, kill or forward."""

    period: Period
    entries: tuple[HistoryEntry, ...]

    @property
    def mark(self) -> str:
        """One word for all of them, empty where nothing was moved."""
        actions = {one.action for one in self.entries}
        for word, named in (("trip", {"trip"}), ("kill", {"kill"}), ("back", {"rollback"})):
            if actions & named:
                return word
        return "forward" if self.entries else ""

    @property
    def said(self) -> str:
        """All of them, in the order in which they happened."""
        return f"{self.period}: {'; '.join(map(describe_move, self.entries))}"


def describe_move(entry: HistoryEntry) -> str:
    """`flip orders shadow -> live`, `kill`."""
    where = f" {entry.phase}" if entry.phase else ""
    change = f" {entry.old or '-'} -> {entry.new}" if entry.new else ""
    return f"{entry.action}{where}{change}"


def strips(found: OverTime) -> tuple[Strip, ...]:
    """One row a phase."""
    return tuple(_strip(phase, found.periods, tallies) for phase, tallies in found.phases.items())


def periods_said(found: OverTime) -> str:
    """How long the time is that is shown, and what a cell of it is."""
    if not found.periods:
        return "no time yet"
    days = (found.periods[-1].last - found.periods[0].first).days + 1
    length = (found.periods[-1].last - found.periods[-1].first).days + 1
    each = "" if length == 1 else f", {length} days a cell"
    return f"{plural(days, 'day')}{each}"


def _strip(name: str, periods: Sequence[Period], tallies: Sequence[SeamTally]) -> Strip:
    cells = tuple(
        Cell(period, *_told(period, tally), begins=bool(number) and _begins(periods, number))
        for number, (period, tally) in enumerate(zip(periods, tallies, strict=True))
    )
    verdicts: dict[Verdict, int] = {}
    for tally in tallies:
        for verdict, count in tally.verdicts.items():
            verdicts[verdict] = verdicts.get(verdict, 0) + count
    total = SeamTally("", name, verdicts)
    worst = [cell.word for cell in cells]
    bad = [
        f"{word} in {plural(worst.count(word), 'period')}" for word in ("UNSAFE", "diverged") if word in worst
    ]
    how_many = plural(total.runs, "run")
    return Strip(name, cells, total, f"{name}: {how_many}, {', '.join(bad) if bad else 'nothing differs'}")


def _begins(periods: Sequence[Period], number: int) -> bool:
    """Whether a month begins in this period, and not so many do that each would."""
    months = [(one.last.year, one.last.month) for one in periods]
    return months[number] != months[number - 1] and len(set(months)) * 2 < len(months)


def worst_of(tally: SeamTally) -> Verdict | None:
    """The verdict that colours a period: what differs, else what most runs came to."""
    if not tally.runs:
        return None
    for verdict in (Verdict.UNSAFE, Verdict.DIVERGED):
        if tally.of(verdict):
            return verdict
    if tally.not_compared >= BAD_SHARE * tally.runs:
        return Verdict.FAILED
    if tally.waived:
        return Verdict.WAIVED
    return Verdict.TOLERATED if tally.tolerated else Verdict.MATCH


def _told(period: Period, tally: SeamTally) -> tuple[str, str]:
    worst = worst_of(tally)
    if worst is None:
        return EMPTY, f"{period}: {EMPTY}"
    parts = [plural(tally.runs, "run")]
    counts = {
        "UNSAFE": tally.unsafe,
        "diverged": tally.of(Verdict.DIVERGED),
        "not compared": tally.not_compared,
    }
    parts += [f"{runs:,} {name}" for name, runs in counts.items() if runs]
    return WORDS[worst], f"{period}: {WORDS[worst]}, {', '.join(parts)}"


def moved_in(entries: Iterable[HistoryEntry], periods: Sequence[Period]) -> tuple[Moved, ...]:
    """One a period, with what was moved in it; what was moved before the first one is left out."""
    found: dict[int, list[HistoryEntry]] = {}
    for entry in entries:
        number = number_of(entry.at.date(), periods)
        if number is not None:
            found.setdefault(number, []).append(entry)
    return tuple(Moved(period, tuple(found.get(number, ()))) for number, period in enumerate(periods))


def number_of(day: date, periods: Sequence[Period]) -> int | None:
    """Which period has this day; the last one has tomorrow as well, as clocks differ."""
    if periods and periods[-1].last < day <= periods[-1].last + timedelta(days=1):
        return len(periods) - 1
    return next((number for number, period in enumerate(periods) if day in period), None)
