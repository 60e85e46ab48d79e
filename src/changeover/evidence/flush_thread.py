"""The thread that writes what waits when no further run comes to do so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from changeover.record.context import permitted

EVERY_S = 1.0
IDLE_S = 10.0
"""How long it stays without anything to write."""


class FlushThread:
    """One thread at most; `is_waiting` says whether there is something to write, now or when `flush` will.

    `thread` is None while none is needed.
    """

    def __init__(self, flush: Callable[[], None], is_waiting: Callable[[], bool]) -> None:
        self._flush, self._is_waiting = flush, is_waiting
        self._lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def ensure(self) -> None:
        """Let it run; at the end of the interpreter, when no thread can be started, nothing happens."""
        with self._lock:
            if self.thread is not None:
                return
            self.thread = threading.Thread(target=self._run, name="changeover-evidence", daemon=True)
            with permitted():  # a run may end within the replay of another one
                try:
                    self.thread.start()
                except RuntimeError:
                    self.thread = None

    def _run(self) -> None:
        idle_s = 0.0
        while True:
            time.sleep(EVERY_S)
            if self._is_waiting():
                idle_s = 0.0
                self._flush()
                continue
            idle_s += EVERY_S
            with self._lock:  # whoever has something from now on starts another one
                if idle_s >= IDLE_S and not self._is_waiting():
                    self.thread = None
                    return
