"""Two values side by side, with what differs in them marked: lines of longer texts, words of shorter ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Divergence
from changeover.values.value_text import around_difference, value_text

TEXT_MAX = 4_000
MARKED_MAX = 2_000
LINES_MAX = 60
AROUND = 2
_WORD = re.compile(r"\w+(?:[.,:]\w+)*|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `differs` says that the other side does not have it."""

    text: str
    differs: bool


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line of both texts; a side is None where it has no such line. `left_out` lines stand before it."""

    legacy: Line | None
    candidate: Line | None
    differs: bool
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Both values in rows; a value of one line has one row. `left_out` lines are beyond the last row."""

    rows: tuple[DiffRow, ...]
    left_out: int = 0

    @property
    def is_of_lines(self) -> bool:
        """Whether there is more than one row."""
        return len(self.rows) > 1


def diff_of(found: Divergence) -> TextDiff:
    """The values of a divergence, legacy's first."""
    legacy, candidate = found.legacy, found.candidate
    if _is_text(legacy) and _is_text(candidate) and "\n" in f"{legacy}{candidate}".strip():
        return _by_line(str(legacy).splitlines(), str(candidate).splitlines())
    old, new = value_text(legacy, TEXT_MAX), value_text(candidate, TEXT_MAX)
    if max(len(old), len(new)) > MARKED_MAX and old != new:
        old, new = (text[:MARKED_MAX] for text in around_difference(old, new, MARKED_MAX))
    return TextDiff((DiffRow(*_marked(old, new), differs=old != new),))


def _is_text(value: object) -> bool:
    return type(value) is str


def _by_line(legacy: Sequence[str], candidate: Sequence[str]) -> TextDiff:
    """Rows around what differs; equal lines further away are counted."""
    rows = list(_all_rows(legacy, candidate))
    near = {
        at
        for number, row in enumerate(rows)
        if row.differs
        for at in range(number - AROUND, number + AROUND + 1)
    }
    shown: list[DiffRow] = []
    skipped = 0
    for number, row in enumerate(rows):
        if number not in near:
            skipped += 1
        elif len(shown) < LINES_MAX:
            shown.append(DiffRow(row.legacy, row.candidate, row.differs, skipped))
            skipped = 0
        else:
            skipped += 1
    return TextDiff(tuple(shown), skipped)


def _all_rows(legacy: Sequence[str], candidate: Sequence[str]) -> Iterator[DiffRow]:
    matcher = SequenceMatcher(None, legacy, candidate, autojunk=len(legacy) + len(candidate) > TEXT_MAX)
    for kind, start, end, other, until in matcher.get_opcodes():
        ours, theirs = legacy[start:end], candidate[other:until]
        for number in range(max(len(ours), len(theirs))):
            old = ours[number] if number < len(ours) else None
            new = theirs[number] if number < len(theirs) else None
            if kind == "equal":
                yield DiffRow(
                    (Piece(old or "", differs=False),), (Piece(new or "", differs=False),), differs=False
                )
            elif old is None or new is None:
                yield DiffRow(_whole(old), _whole(new), differs=True)
            else:
                yield DiffRow(*_marked(old[:MARKED_MAX], new[:MARKED_MAX]), differs=True)


def _whole(text: str | None) -> Line | None:
    return None if text is None else (Piece(text[:MARKED_MAX], differs=True),)


def _marked(legacy: str, candidate: str) -> tuple[Line, Line]:
    """Both texts in pieces: word by word, so that `18` and `312` are not said to share a digit."""
    old, new = _WORD.findall(legacy), _WORD.findall(candidate)
    ours: list[Piece] = []
    theirs: list[Piece] = []
    for kind, start, end, other, until in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for pieces, text in ((ours, "".join(old[start:end])), (theirs, "".join(new[other:until]))):
            if text:
                pieces.append(Piece(text, kind != "equal"))
    return tuple(ours), tuple(theirs)
