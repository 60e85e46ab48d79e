"""A thread of a program that records for a fleet: it ships what was recorded, and hears what workers found.

No caller waits for it. What the database does not take stays in the spool, and goes when it is back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Protocol
from weakref import WeakMethod

from changeover.errors import ChangeoverError
from changeover.evidence.fleet_watch import FleetWatching
from changeover.evidence.process_end import WRITERS
from changeover.evidence.shipping import SecretCheck, ship
from changeover.evidence.store.fleet import Fleet
from changeover.evidence.store.place import Database
from changeover.evidence.store.queue import Queue
from changeover.evidence.store.sealing import seal_of
from changeover.record.context import permitted
from changeover.rollout.tripwire_state import Trip
from changeover.settings import RECORDED_FOLDER, SPOOL_KEY_VARIABLE
from changeover.spool.folder import SpoolFolder
from changeover.telemetry.logs import logger, redacted
from changeover.values.error_text import class_and_message

SHIP_EVERY_S = 1.0
RETRY_LAST_S = 30.0
DATABASE_WAIT_S = 5.0
END_WAIT_S = 2.0
OTHERS_EVERY = 20
_log = logger("fleet")


class Spool(Protocol):
    """What the program appends to; `name` is None before the first frame."""

    name: str | None


class FleetThread:
    """Ships the spool of this process, now and then those of processes that have ended, and brings trips.

    Args:
        place: the database of the fleet.
        spool: of this process.
        key: what the environment says, asked anew: the one that seals, or several.
        check: finds secrets in runs, where there is no key.
        hold: lets a trip hold for this machine; gives where that was written, None where it was known.
        watching: is told what the database says of the workers.
    """

    def __init__(
        self,
        place: Database,
        spool: Spool,
        key: Callable[[], str | None],
        check: SecretCheck | None,
        hold: Callable[[Trip], str | None],
        watching: FleetWatching,
    ) -> None:
        self.problem: str | None = None
        self._place, self._spool, self._key, self._check = place, spool, key, check
        self._hold, self._watching = hold, watching
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a forked process no thread runs; what its parent has recorded is shipped by that."""
        self._pid, self._rounds = 0, 0
        self._held: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def ensure(self) -> None:
        """Ship from now on, also in a process that was forked meanwhile."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        WRITERS.add(self)
        thread = threading.Thread(
            target=Context().run, args=(_again, WeakMethod(self.turn)), name="changeover-fleet", daemon=True
        )
        with permitted():  # a run may end within the replay of another one
            try:
                thread.start()
            except RuntimeError:  # the interpreter ends
                self._pid = 0

    def turn(self, wait_s: float = DATABASE_WAIT_S) -> bool:
        """Ship and look once, unless another thread does for so long; whether the database answered."""
        if not self._lock.acquire(timeout=wait_s):
            return False
        try:
            return self._turned(wait_s)
        finally:
            self._lock.release()

    def _turned(self, wait_s: float) -> bool:
        try:
            self._turn(wait_s)
        except (ChangeoverError, OSError) as problem:
            self._say(f"recorded runs wait in the spool: {problem}")
            return False
        except Exception as error:  # noqa: BLE001  whatever it is, the next turn may be better
            self._say(f"recorded runs wait in the spool: {class_and_message(error)}")
            return False
        self.problem = None
        return True

    def _turn(self, wait_s: float) -> None:
        folder = SpoolFolder(self._place.parent / RECORDED_FOLDER)
        with_others = self._rounds % OTHERS_EVERY == 0
        self._rounds += 1
        mine = self._spool.name
        seal = seal_of({SPOOL_KEY_VARIABLE: self._key() or ""})
        ship(
            folder,
            Queue(self._place, seal, wait_s),
            self._check,
            lambda name: name == mine or (with_others and not folder.is_alive(name)),
        )
        seen = Fleet(self._place, wait_s).look()
        self._watching.heard(seen)
        for trip in seen.trips:
            if (trip.phase, trip.revision) in self._held:
                continue
            where = self._hold(trip)
            if where is not None:
                self._held.add((trip.phase, trip.revision))
                _log.warning("%s: -> shadow for new runs, written to %s; %s", trip.phase, where, trip.reason)

    def _say(self, problem: str) -> None:
        text = redacted(problem)
        if text != self.problem:
            self.problem = text
            _log.warning("%s", text)

    def close(self) -> None:
        """The process ends: what was recorded goes, if the database answers at once."""
        if self._pid == os.getpid():
            with suppress(Exception):
                self.turn(END_WAIT_S)


def _again(turn: WeakMethod[Callable[[], bool]]) -> None:
    """As long as there is somebody to ship for; less often while the database does not answer."""
    pause, every_s = threading.Event(), SHIP_EVERY_S
    while not pause.wait(every_s):
        found = turn()
        if found is None:
            return
        every_s = SHIP_EVERY_S if found() else min(2 * every_s, RETRY_LAST_S)
        del found
