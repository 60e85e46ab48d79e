"""A difference in rows: what legacy has beside what the candidate has, line by line where they are texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest

from changeover.compare.text_diff import DiffLine, TextDiff, TextPart, parts_of_line, text_diff
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Divergence
from changeover.values.observation import Side
from changeover.values.value_text import around_difference, value_text

TEXT_MAX = 4_000
MARKED_MAX = 2_000
Line = tuple[TextPart, ...]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line of both; a side is None where it has no such line. `skipped` equal ones stand before it."""

    legacy: Line | None
    candidate: Line | None
    differs: bool
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class DiffRows:
    """Both values; one of a single line has one row. After the last row `skipped` lines are alike, `left_out`
    are not shown, and where it `is_cut` the texts go on."""

    rows: tuple[DiffRow, ...]
    skipped: int = 0
    left_out: int = 0
    is_cut: bool = False

    @property
    def is_of_lines(self) -> bool:
        """Whether there is more than one row."""
        return len(self.rows) > 1


def diff_rows(found: Divergence) -> DiffRows:
    """The values of a divergence, legacy's first."""
    legacy, candidate = found.legacy, found.candidate
    diff = text_diff(legacy, candidate) if "\n" in f"{legacy}{candidate}".strip() else None
    if diff is not None:
        return _of_lines(diff)
    old, new = value_text(legacy, TEXT_MAX), value_text(candidate, TEXT_MAX)
    if max(len(old), len(new)) > MARKED_MAX and old != new:
        old, new = (text[:MARKED_MAX] for text in around_difference(old, new, MARKED_MAX))
    return DiffRows((DiffRow(*parts_of_line(old, new), differs=old != new),))


def _of_lines(diff: TextDiff) -> DiffRows:
    return DiffRows(tuple(_rows(diff.lines)), diff.skipped, diff.left_out, diff.is_cut)


def _rows(lines: Iterable[DiffLine]) -> Iterator[DiffRow]:
    """Lines that went stand before those that came: both stand beside each other here."""
    for is_same, group in groupby(lines, lambda line: line.side is None):
        if is_same:
            yield from (DiffRow(line.parts, line.parts, False, line.skipped) for line in group)
            continue
        yield from _beside(list(group))


def _beside(lines: list[DiffLine]) -> Iterator[DiffRow]:
    """`-a -b +c` becomes `a | c` and `b | none`; a second change right after the first begins anew."""
    while lines:
        ours = _beginning(lines, Side.LEGACY)
        theirs = _beginning(lines[len(ours) :], Side.CANDIDATE)
        for old, new in zip_longest(ours, theirs):
            one = old or new
            yield DiffRow(
                None if old is None else old.parts,
                None if new is None else new.parts,
                differs=True,
                skipped=0 if one is None else one.skipped,
            )
        del lines[: len(ours) + len(theirs)]


def _beginning(lines: list[DiffLine], side: Side) -> list[DiffLine]:
    number = next((at for at, line in enumerate(lines) if line.side is not side), len(lines))
    return lines[:number]
