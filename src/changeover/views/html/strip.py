"""Production over time as one strip of columns, with the comparisons, flips and trips where they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from changeover.evidence.store.production import RunGroup
from changeover.evidence.store.records import StoredComparison, StoredRun
from changeover.evidence.tallies import NOT_COMPARED
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.values.verdict import Verdict

COLUMNS_MAX = 60
MARKS_SHOWN_MAX = 12
WIDTH, HEIGHT, SEEN_MIN = 1000.0, 84.0, 4.0
"""Of the drawing; a column in which something differs shows it, however few runs it is."""
WORDS = {
    Verdict.UNSAFE: "UNSAFE",
    Verdict.DIVERGED: "diverged",
    Verdict.FAILED: "not compared",
    Verdict.WAIVED: "waived",
    Verdict.TOLERATED: "tolerated",
    Verdict.MATCH: "match",
}
"""From the bottom up: what is wrong stands on the line."""
_WRONG = frozenset({Verdict.UNSAFE, Verdict.DIVERGED, Verdict.FAILED})


class Step(StrEnum):
    """How long one column is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def length(self) -> timedelta:
        """As time."""
        return {
            Step.HOUR: timedelta(hours=1),
            Step.DAY: timedelta(days=1),
            Step.WEEK: timedelta(weeks=1),
        }[self]


@dataclass(frozen=True, slots=True)
class Column:
    """The runs that began in one hour, day or week, by verdict; `failed` are all that were not compared."""

    begins: datetime
    label: str
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.verdicts.total()

    @property
    def said(self) -> str:
        """The column in words."""
        counted = ", ".join(
            f"{self.verdicts[one]:,} {word}" for one, word in WORDS.items() if self.verdicts[one]
        )
        return f"{self.label}: {counted or 'no run'}"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in a column; `x` is where it stands in the drawing."""

    x: float
    at: datetime
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column as it is drawn."""

    x: float
    y: float
    height: float
    word: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Columns without a gap from `first` to `last`. `moves` are flips, trips and switches, numbered from 1.

    `compared` are comparisons. `before` runs were earlier than the first column, `moves_left_out` so many
    moves too.
    """

    step: Step
    columns: tuple[Column, ...]
    moves: tuple[Mark, ...] = ()
    compared: tuple[Mark, ...] = ()
    before: int = 0
    moves_left_out: int = 0

    @property
    def total(self) -> int:
        """The runs that are drawn."""
        return sum(column.total for column in self.columns)

    @property
    def tallest(self) -> int:
        """The runs of the fullest column."""
        return max((column.total for column in self.columns), default=0)

    @property
    def width(self) -> float:
        """Of a column, in the drawing."""
        return round(WIDTH / max(1, len(self.columns)), 2)

    @property
    def numbers_at(self) -> list[tuple[float, str]]:
        """Where moves are marked, with their numbers."""
        found: dict[float, list[str]] = {}
        for number, mark in enumerate(self.moves, start=1):
            found.setdefault(mark.x, []).append(str(number))
        return [(x, ", ".join(numbers)) for x, numbers in found.items()]

    @property
    def bars(self) -> list[Bar]:
        """Every part that is not empty, from the bottom up."""
        found = []
        for number, column in enumerate(self.columns):
            y = HEIGHT
            for verdict, word in WORDS.items():
                if runs := column.verdicts[verdict]:
                    height = max(HEIGHT * runs / self.tallest, SEEN_MIN if verdict in _WRONG else 1.0)
                    y -= height
                    found.append(Bar(round(self.width * number, 2), round(y, 1), round(height, 1), word))
        return found

    @property
    def counts(self) -> list[tuple[str, int]]:
        """By word, those that occur."""
        total: Counter[Verdict] = sum((column.verdicts for column in self.columns), Counter())
        return [(word, total[verdict]) for verdict, word in reversed(WORDS.items()) if total[verdict]]


def strip_of(
    groups: Sequence[RunGroup],
    runs: Sequence[StoredRun],
    corpora: Sequence[StoredComparison],
    history: Sequence[HistoryEntry],
    verdict_of: Callable[[RunGroup | StoredRun], Verdict],
    word_of: Callable[[StoredComparison], str],
) -> Strip | None:
    """The strip; None where nothing ran in production and nothing was moved.

    Args:
        groups: all runs in production, whatever their code.
        runs: the same one by one, where they are few and of a few hours; else empty.
        corpora: what was compared.
        history: what was moved.
        verdict_of: what a run counts as with today's waivers.
        word_of: what a comparison showed, in one word.
    """
    moments = [moment for group in groups for moment in (group.first, group.last)]
    moments += [entry.at for entry in history]
    if not moments:
        return None
    latest = max([*moments, *(one.at for one in corpora)])
    earliest = min([*moments, *(one.at for one in corpora)])
    step = _step(earliest, latest, by_run=bool(runs))
    columns = _columns(_begin_of(earliest, step), latest, step)
    before = 0
    timed: Iterable[tuple[datetime, Verdict, int]]
    if step is Step.HOUR:
        timed = ((run.at, verdict_of(run), 1) for run in runs)
    else:
        timed = ((_midnight(group), verdict_of(group), group.runs) for group in groups)
    for at, verdict, number in timed:
        where = _where(columns, at, step)
        if where is None:
            before += number
        else:
            columns[where].verdicts[Verdict.FAILED if verdict in NOT_COMPARED else verdict] += number
    width = WIDTH / len(columns)
    moves = [_mark(entry.at, entry.action, _move_text(entry), columns, step, width) for entry in history]
    compared = [_mark(one.at, word_of(one), one.source, columns, step, width) for one in reversed(corpora)]
    shown = [one for one in moves if one is not None]
    return Strip(
        step,
        tuple(columns),
        tuple(shown[-MARKS_SHOWN_MAX:]),
        tuple(one for one in compared if one is not None),
        before,
        len(moves) - len(shown[-MARKS_SHOWN_MAX:]),
    )


def _step(earliest: datetime, latest: datetime, *, by_run: bool) -> Step:
    span = latest - earliest
    if by_run and span < timedelta(hours=COLUMNS_MAX - 1):
        return Step.HOUR
    return Step.DAY if span < timedelta(days=COLUMNS_MAX - 1) else Step.WEEK


def _begin_of(moment: datetime, step: Step) -> datetime:
    at = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if step is Step.HOUR:
        return at
    at = at.replace(hour=0)
    return at - timedelta(days=at.weekday()) if step is Step.WEEK else at


def _columns(first: datetime, latest: datetime, step: Step) -> list[Column]:
    """The latest of them, without a gap."""
    last = _begin_of(latest, step)
    number = min(COLUMNS_MAX, (last - first) // step.length + 1)
    begins = [last - step.length * back for back in reversed(range(number))]
    return [Column(at, _label(at, step)) for at in begins]


def _label(at: datetime, step: Step) -> str:
    if step is Step.HOUR:
        return f"{at:%Y-%m-%d %H}:00Z"
    return f"week of {at:%Y-%m-%d}" if step is Step.WEEK else f"{at:%Y-%m-%d}"


def _midnight(group: RunGroup) -> datetime:
    return datetime(group.day.year, group.day.month, group.day.day, tzinfo=UTC)


def _where(columns: Sequence[Column], at: datetime, step: Step) -> int | None:
    number = (_begin_of(at, step) - columns[0].begins) // step.length
    return number if 0 <= number < len(columns) else None


def _mark(
    at: datetime, word: str, text: str, columns: Sequence[Column], step: Step, width: float
) -> Mark | None:
    where = _where(columns, at, step)
    return None if where is None else Mark(round(width * (where + 0.5), 1), at, word, text)


def _move_text(entry: HistoryEntry) -> str:
    moved = "" if entry.new is None else f" {entry.phase} {entry.old or '-'} -> {entry.new}"
    return f"{entry.action}{moved}"
