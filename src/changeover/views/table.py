"""A table that fits its screen: numbers stay whole, texts are cut; on one too narrow, rows become lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import compress
from typing import TYPE_CHECKING

from changeover.quick_dataclass import dataclass
from changeover.values.safe_text import columns_of, visible
from changeover.views.layout import GAP, INDENT, ZERO, Screen, cut, flowed

if TYPE_CHECKING:
    from rich.console import JustifyMethod

TEXT_MIN = 20
_ATTEMPTS = ((2, False, False), (2, True, False), (2, True, True), (1, True, True))
"""On screens that get narrower: the gap, whether titles are split, whether empty columns go."""


@dataclass(frozen=True, slots=True)
class Column:
    """`width`, with the gap to its neighbour, is what it has where there is room; a longer cell widens it.

    A number stands to the right and is never cut; a text may be cut down to TEXT_MIN. A column that `may_go`
    is left out of a narrow screen where it holds nothing.
    """

    title: str = ""
    width: int = 0
    is_number: bool = False
    is_verdict: bool = False
    may_go: bool = False


def numbers(title: str, width: int, *, may_go: bool = False) -> Column:
    """A column of numbers."""
    return Column(title, width, is_number=True, may_go=may_go)


def number_columns(widths: Mapping[str, int], *, may_go: bool = False) -> list[Column]:
    """Columns of numbers: their titles with their widths."""
    return [numbers(title, width, may_go=may_go) for title, width in widths.items()]


VERDICT = Column(width=10, is_number=True, is_verdict=True, may_go=True)
"""The last column: a word in its colour, or nothing."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows of cells; a row may be shorter than the columns are many."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]

    def lines(self, screen: Screen) -> list[str]:
        """The table in lines that are no longer than the screen is wide."""
        blank = [""] * len(self.columns)
        rows = [[*map(visible, row), *blank[len(row) :]] for row in self.rows]
        usual = _Shape(self.columns, rows, gap=1)
        tight = []
        for gap, splits, drops in _ATTEMPTS:
            shape = _Shape(self.columns, rows, gap, splits)
            tight.append(shape.without_empty_columns() if drops else shape)
        # Rather less air than a text that is cut.
        tries = [(usual, usual.wanted()), *((shape, shape.needed()) for shape in tight)]
        tries += [(shape, shape.squeezed(screen.width)) for shape in tight]
        for shape, widths in tries:
            if sum(widths) <= screen.width:
                return shape.drawn(widths, screen)
        return [line for row in rows for line in _row_lines(self.columns, row, screen)]


@dataclass(frozen=True, slots=True)
class _Shape:
    """One way to lay a table out."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    gap: int
    splits: bool = False

    def without_empty_columns(self) -> _Shape:
        kept = [
            not column.may_go or any(row[at] not in ("", ZERO) for row in self.rows)
            for at, column in enumerate(self.columns)
        ]
        rows = [list(compress(row, kept)) for row in self.rows]
        return _Shape(list(compress(self.columns, kept)), rows, self.gap, self.splits)

    def wanted(self) -> list[int]:
        """The widths where there is room for everything."""
        return [max(column.width, width) for column, width in zip(self.columns, self.needed(), strict=True)]

    def squeezed(self, room: int) -> list[int]:
        """The widths where texts are cut until all fits, but none below its least."""
        widths = self.needed()
        texts = [at for at, column in enumerate(self.columns) if not column.is_number]
        for at in texts:
            widths[at] = min(widths[at], room)
        while sum(widths) > room and texts:
            widest = max(texts, key=widths.__getitem__)
            if widths[widest] <= TEXT_MIN:
                break
            widths[widest] -= 1
        return widths

    def needed(self) -> list[int]:
        """The widths in which nothing is cut."""
        widths = []
        for at in range(len(self.columns)):
            texts = [*self._title(at).split("\n"), *(row[at] for row in self.rows)]
            widths.append(max(map(columns_of, texts)) + self._gap(at))
        return widths

    def _gap(self, at: int) -> int:
        """Before a number, and between two texts."""
        beside_text = at + 1 < len(self.columns) and not self.columns[at + 1].is_number
        return self.gap if self.columns[at].is_number or beside_text else 0

    def _title(self, at: int) -> str:
        """In two lines where that makes a column of numbers narrower."""
        title = self.columns[at].title
        if not (self.splits and self.columns[at].is_number and " " in title):
            return title
        blanks = [at for at, letter in enumerate(title) if letter == " "]
        middle = min(blanks, key=lambda blank: abs(2 * blank - len(title)))
        return f"{title[:middle]}\n{title[middle + 1 :]}"

    def drawn(self, widths: Sequence[int], screen: Screen) -> list[str]:
        from rich.console import Console
        from rich.table import Table as Grid
        from rich.text import Text

        def cell(at: int, text: str) -> Text:
            column = self.columns[at]
            if column.is_verdict:
                return Text.from_ansi(screen.paint(text))
            return Text(text if column.is_number else cut(text, widths[at] - self._gap(at)))

        titled = any(column.title for column in self.columns)
        grid = Grid(box=None, padding=0, pad_edge=False, header_style="none", show_header=titled)
        for at, (column, width) in enumerate(zip(self.columns, widths, strict=True)):
            justify: JustifyMethod = "right" if column.is_number else "left"
            title = Text(self._title(at))
            grid.add_column(title, width=width, justify=justify, no_wrap=True, vertical="bottom")
        for row in self.rows:
            grid.add_row(*(cell(at, text) for at, text in enumerate(row)))
        file = StringIO()
        # Colours are on verdicts alone, and only where the screen has any.
        width = sum(widths)
        console = Console(file=file, width=width, color_system="standard", legacy_windows=False, _environ={})
        console.print(grid)
        return [line.rstrip() for line in file.getvalue().splitlines()]


def _row_lines(columns: Sequence[Column], row: Sequence[str], screen: Screen) -> list[str]:
    """What is not nothing, each number with the title of its column."""
    cells = [
        f"{cell} {column.title}".rstrip() if column.is_number else cell
        for column, cell in zip(columns[1:], row[1:], strict=True)
        if cell not in ("", ZERO) and not column.is_verdict
    ]
    word = row[-1] if columns[-1].is_verdict else ""
    parts = [part for part in (row[0] or INDENT, *cells, word) if part]
    lines = flowed(GAP.join(parts), screen.width, INDENT * 2)
    if word:
        lines[-1] = lines[-1].removesuffix(word) + screen.paint(word)
    return lines
