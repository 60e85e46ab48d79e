"""The first crossings of a seam: whether the path that answers sends something past every port.

What it sends there is compared with nothing, so that none of its runs can be a match: from the first one
that did so on they have `failed`, until one more port or pack is declared. After these crossings nothing is
watched, and costs nothing; but where somebody waits for the verdict, or legacy may have to answer in the
place of a path that sends, every crossing is.
"""

from __future__ import annotations

from changeover.record.past_ports import SentPastPorts
from changeover.replay.net import NetHold
from changeover.seam.runtime import Runtime

WATCHED_MAX = 20


class FirstCrossings:
    """Those of one seam that one of its paths answers; `sends` says what was found, None for nothing."""

    def __init__(self, seam: str, *, may_fall_back: bool) -> None:
        self.sends: str | None = None
        self._seam, self._may_fall_back = seam, may_fall_back
        self._watched = self._ports = 0
        self._told: set[str] = set()

    def watch(self, runtime: Runtime, *, waits: bool) -> NetHold | None:
        """One more crossing begins: what watches it, None where nothing does.

        `waits` says that somebody waits for its verdict.
        """
        book = runtime.book
        ports = len(book.ports) + len(book.packs)
        if ports != self._ports:  # what was sent may have a port now
            self._ports, self._watched, self.sends = ports, 0, None
        if self._watched >= WATCHED_MAX and not (self.sends and self._may_fall_back) and not waits:
            return None
        self._watched += 1
        return NetHold()

    def found(self, sent: SentPastPorts, runtime: Runtime) -> None:
        """The path has sent this: say so once for each client, and remember it."""
        for client, text in sent.sentences(self._seam).items():
            self.sends = self.sends or text
            if client not in self._told:
                self._told.add(client)
                runtime.note(text, seam=self._seam)
