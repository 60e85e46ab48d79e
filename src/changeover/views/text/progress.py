"""How far a comparison is: a bar that is redrawn on a terminal, else a line now and then."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.source_comparison import Listener
from changeover.values.safe_text import columns_of, visible, visible_lines
from changeover.views.layout import WIDTH, count, cut

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

BAR_MIN = 8
REDRAW_S = 0.2
LINE_S = 10.0


class ProgressListener(Listener):
    """Shows on a stream how far a comparison is, and what went wrong meanwhile; a quiet one only that."""

    def __init__(
        self, stream: TextIO, clock: Callable[[], float] = monotonic, *, is_quiet: bool = False
    ) -> None:
        self._stream, self._is_quiet = stream, is_quiet
        self._clock = clock
        self._source = ""
        self._total: int | None = None
        self._began = self._last = 0.0
        self._live: Live | None = None

    def begins(self, source: str, total: int | None) -> None:
        """Before the first case; `total` is None where the source does not say how many there are."""
        self._source, self._total = source, total
        self._began = self._last = self._clock()
        self._live = _live_on(self._stream) if self._stream.isatty() and not self._is_quiet else None

    def case_done(self, corpus: Corpus) -> None:
        """After every case: show it, if it is time."""
        now = self._clock()
        if self._is_quiet or now - self._last < (LINE_S if self._live is None else REDRAW_S):
            return
        self._last = now
        where, left, found = _parts(self._source, corpus, self._total, now - self._began)
        if self._live is None:
            print(" ".join(f"{where} {left} {found}".split()), file=self._stream, flush=True)
            return
        self._live.start()
        # Rich hides the cursor: a program that is killed meanwhile would leave the terminal without one.
        self._live.console.show_cursor(True)
        width = min(self._live.console.width, WIDTH)
        self._live.update(_drawn(where, left, found, corpus.cases, self._total, width), refresh=True)

    def ends(self) -> None:
        """After the last one: take the bar away."""
        if self._live is not None:
            self._live.stop()

    def warns(self, problem: str) -> None:
        """On a line of its own; a bar goes on below it."""
        text = visible_lines(f"warning: {problem}")
        if self._live is not None and self._live.is_started:
            from rich.text import Text

            self._live.console.print(Text(text))
        else:
            print(text, file=self._stream, flush=True)


def _parts(source: str, corpus: Corpus, total: int | None, seconds: float) -> tuple[str, str, str]:
    totals, done = corpus.total, corpus.cases
    compared = f"{totals.compared:,} compared   {totals.diverged:,} diverged"
    found = f"{'':<9} {compared}   {totals.not_compared:,} not compared"
    where = f"{visible(source):<9} {cut(corpus.last or '', 12):<12} "
    if not total:
        return f"{where}{count(done)}", "", found
    left = max(0, round(seconds / done * (total - done))) if done else 0
    return f"{where}{done:,} of {total:,}", f"{left // 60}:{left % 60:02} left", found


def _live_on(stream: TextIO) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    return Live(
        console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
    )


def _drawn(where: str, left: str, found: str, done: int, total: int | None, width: int) -> RenderableType:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    room = width - columns_of(where) - columns_of(left) - 6
    if not total or room < BAR_MIN:
        return Group(Text(f"{where}   {left}".rstrip()), Text(found))
    line = Table.grid(padding=(0, 3, 0, 0))
    bar = ProgressBar(total, done, width=room, style="dim", complete_style="none", finished_style="none")
    line.add_row(Text(where), bar, Text(left))
    return Group(line, Text(found))
