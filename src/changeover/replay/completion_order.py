"""In which order calls that were under way at the same time are answered in a replay.

Each would be answered at once, and code that goes by who is first would see another order than before:

    price("A") begins    price("B") begins    price("B") ends    price("A") ends

The answer to `price("A")` waits until that to `price("B")` is given, and whatever else ended meanwhile. Where
that never comes, because the path asks for something else or is held up, it is given all the same: no wait
takes longer than twice the time of the recorded path (code that gives up after a while does so a little later
on a busy machine) or a fifth of a second, and after one that was in vain there is none.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

from changeover.record.port import CallClass
from changeover.record.running_loop import running_loop
from changeover.record.tape import Entry, Tape

PATIENCE_MIN_S, PATIENCE_MAX_S = 0.2, 1.0
PATIENCE_FACTOR = 2
POLL_S = 0.001
AT_ONCE_MAX = 50
"""So many times others may go on before time passes while a coroutine waits."""
_ORDERED = (CallClass.READ, CallClass.EFFECT)


class CompletionOrder:
    """The order in which the calls of one tape ended, and which of them the replay has answered."""

    def __init__(self, tape: Tape) -> None:
        found = [(tape.during(one), one) for one in tape.entries if one.method.call_class in _ORDERED]
        found.sort(key=lambda one: one[0].ended)
        self._ends = [during.ended for during, _ in found]
        self._entries = [entry for _, entry in found]
        self._during = {id(entry): during for during, entry in found}
        self._given: set[int] = set()
        self._patience_s = min(max(PATIENCE_FACTOR * tape.seconds, PATIENCE_MIN_S), PATIENCE_MAX_S)

    def give(self, entry: Entry) -> None:
        """It is answered."""
        self._given.add(id(entry))

    def wait(self, entry: Entry) -> None:
        """Wait in this thread for those that are answered before it; a loop that runs here is not held up."""
        if not _runs_a_loop():
            waited = False
            for _ in self._rounds(entry):
                sleep(POLL_S)
                waited = True
            if waited:
                sleep(POLL_S)  # in which the thread that was answered before goes on
        self.give(entry)

    async def wait_async(self, entry: Entry) -> None:
        """The same, while the loop goes on."""
        if _runs_a_loop():
            asyncio: Any = sys.modules["asyncio"]
            for number in self._rounds(entry):
                await asyncio.sleep(0 if number < AT_ONCE_MAX else POLL_S)
        self.give(entry)

    def _rounds(self, entry: Entry) -> Iterator[int]:
        """Once for each time that something is still to be answered before."""
        during, number, began = self._during[id(entry)], 0, monotonic()
        position = bisect_right(self._ends, during.began)  # what ended while it was under way
        while self._ends[position] < during.ended:
            if id(self._entries[position]) in self._given:
                position += 1
            elif monotonic() - began > self._patience_s:
                self._patience_s = 0.0
                return
            else:
                yield number
                number += 1


def _runs_a_loop() -> bool:
    return running_loop() is not None
