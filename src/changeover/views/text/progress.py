"""How far a comparison is: a bar that is redrawn on a terminal, else a line now and then."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TextIO

from changeover.evidence.corpus import Corpus
from changeover.values.safe_text import visible_lines
from changeover.views.layout import count, cut

BAR_WIDTH = 40
REDRAW_S = 0.2
LINE_S = 10.0


class Progress:
    """Tell it after every case; `total` is None where the source does not say how many there are."""

    def __init__(
        self, stream: TextIO, source: str, total: int | None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._stream = stream
        self._source = source
        self._total = total
        self._clock = clock
        self._redraws = stream.isatty()
        self._began = clock()
        self._last = self._began
        self._drawn = False

    def tell(self, corpus: Corpus) -> None:
        """Show it, if it is time."""
        now = self._clock()
        if now - self._last < (REDRAW_S if self._redraws else LINE_S):
            return
        self._last = now
        lines = progress_lines(self._source, corpus, self._total, now - self._began)
        if not self._redraws:
            told = "  ".join(line.strip() for line in lines).replace("━", "").replace("─", "")
            print(" ".join(told.split()), file=self._stream, flush=True)
            return
        self._erase()
        print("\n".join(lines), file=self._stream, flush=True)
        self._drawn = True

    def end(self) -> None:
        """Take the bar away."""
        self._erase()
        self._drawn = False

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write("\x1b[2A\x1b[J")
            self._stream.flush()


class ProgressListener:
    """Shows on a stream how far a comparison is, and what went wrong meanwhile."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress: Progress | None = None

    def begins(self, source: str, total: int | None) -> None:
        """Before the first case."""
        self._progress = Progress(self._stream, source, total)

    def case_done(self, corpus: Corpus) -> None:
        """After every case."""
        if self._progress is not None:
            self._progress.tell(corpus)

    def ends(self) -> None:
        """After the last one."""
        if self._progress is not None:
            self._progress.end()

    def warns(self, problem: str) -> None:
        """On a line of its own."""
        print(visible_lines(f"warning: {problem}"), file=self._stream, flush=True)


def progress_lines(source: str, corpus: Corpus, total: int | None, seconds: float) -> list[str]:
    """Where it is and how long it will take; what was found so far."""
    totals = corpus.total
    found = (
        f"{'':<9} {totals.compared:,} compared   {totals.diverged:,} diverged   "
        f"{totals.not_compared:,} not compared"
    )
    done, last = corpus.cases, cut(corpus.last or "", 12)
    if not total:
        return [f"{source:<9} {last:<12} {count(done)}", found]
    filled = min(BAR_WIDTH, BAR_WIDTH * done // total)
    bar = "━" * filled + "─" * (BAR_WIDTH - filled)
    left = max(0, round(seconds / done * (total - done))) if done else 0
    return [f"{source:<9} {last:<12} {done:,} of {total:,}   {bar}   {left // 60}:{left % 60:02} left", found]
