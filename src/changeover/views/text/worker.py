"""The screen of `changeover worker`: how far it is, and what it has done in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TextIO

from changeover.evidence.store.place import is_address
from changeover.evidence.worker_watch import Pulse
from changeover.operate.worker import WorkerListener, WorkerSummary
from changeover.project import near
from changeover.values.safe_text import visible
from changeover.views.layout import Screen, labelled

LINE_S = 10.0
_LABEL = 12


class WorkerProgress(WorkerListener):
    """A line now and then, and at once where something is wrong; a quiet one says only that."""

    def __init__(
        self, stream: TextIO, clock: Callable[[], float] = monotonic, *, is_quiet: bool = False
    ) -> None:
        self._stream, self._clock, self._is_quiet = stream, clock, is_quiet
        self._last = float("-inf")
        self._lock = threading.Lock()

    def begins(self, where: str) -> None:
        """Where it looks."""
        place = where if is_address(where) else near(Path(where))
        if not self._is_quiet:
            self._write(f"worker: replays what is recorded in {place}")

    def replayed(self, pulse: Pulse) -> None:
        """How far it is, if it is time."""
        now = self._clock()
        if now - self._last >= LINE_S and not self._is_quiet:
            self._last = now
            failed = f", {pulse.failed:,} failed" if pulse.failed else ""
            self._write(f"worker: {pulse.replayed:,} replayed{failed}, {pulse.lag_s:.1f} s behind")

    def says(self, text: str) -> None:
        """A problem."""
        self._write(f"! {text}")

    def _write(self, text: str) -> None:
        with self._lock:
            print(visible(text), file=self._stream, flush=True)


def worker_screen(summary: WorkerSummary, screen: Screen) -> str:
    """The counts in one line each, and what is wrong."""
    counts = (
        f"{summary.recorded:,}: {summary.replayed:,} replayed, {summary.waiting:,} waiting, "
        f"{summary.dropped:,} dropped"
    )
    facts = {
        "recorded": counts,
        "replayed": f"{summary.replayed:,}: {summary.differing:,} differ, {summary.failed:,} failed",
        "lag": f"{summary.lag_s:.1f} s",
        "isolation": ", ".join(summary.isolation) or "nothing was replayed",
    }
    lines = [f"! {visible(problem)}" for problem in summary.problems]
    for label, value in facts.items():
        lines += labelled(label, value, screen.width, _LABEL)
    return "\n".join(line.rstrip() for line in lines) + "\n"
