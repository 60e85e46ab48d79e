"""A thread of a program that records: it looks whether a worker keeps up. No caller waits for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime
from typing import Protocol
from weakref import WeakMethod

from changeover.evidence.worker_watch import WorkerWatch
from changeover.record.context import permitted
from changeover.telemetry.logs import logger

LOOK_S = 5.0
_LOOKS_IN_LAG = 10
_log = logger("worker")


class Unwatched(Protocol):
    """What is to be done where nobody watches."""

    @property
    def is_needed(self) -> bool:
        """Whether anything is compared now."""

    def unwatched(self, why: str, now: datetime) -> None:
        """Nobody watches, for this reason."""


class WorkerWatcher:
    """Looks at what waits from the first recorded run on; one thread in each process."""

    problem: str | None = None

    def __init__(
        self,
        look: Callable[[], WorkerWatch],
        lag_max_s: float,
        unwatched: Unwatched,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._look, self._lag_max_s, self._unwatched, self._now = look, lag_max_s, unwatched, now
        self._pid = 0
        self._lock = threading.Lock()
        self._since = now()

    def ensure(self) -> None:
        """Look from now on, also in a process that was forked meanwhile."""
        if self._pid == os.getpid():
            return
        self._pid, self._lock, self._since = os.getpid(), threading.Lock(), self._now()
        every_s = min(LOOK_S, self._lag_max_s / _LOOKS_IN_LAG)
        thread = threading.Thread(
            target=Context().run,
            args=(_look_again, WeakMethod(self.look), every_s),
            name="changeover-worker-watch",
            daemon=True,
        )
        with permitted():  # a run may end within the replay of another one
            try:
                thread.start()
            except RuntimeError:  # the interpreter ends
                self._pid = 0

    def look(self) -> None:
        """Look once."""
        if not self._unwatched.is_needed:
            self._since = self._now()  # while nothing was compared nobody was missed
            return
        now = self._now()
        why = self._look().why_unwatched(self._lag_max_s, now, self._since)
        if why is not None:
            self._unwatched.unwatched(why, now)


def _look_again(look: WeakMethod[Callable[[], None]], every_s: float) -> None:
    """As long as there is somebody to look for."""
    pause = threading.Event()
    while not pause.wait(every_s):
        found = look()
        if found is None:
            return
        try:
            found()
        except Exception as error:  # noqa: BLE001  whatever it is, the next look may be better
            _log.warning("whether a worker keeps up could not be told: %r", error)
        del found
