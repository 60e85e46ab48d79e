"""Connections to PostgreSQL that stay open for the next use. The only place that imports psycopg.

Connecting may take longer than a program can wait: then it goes on without the program, and who asks next
has the connection. A process that was forked begins with none.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Any

from changeover.errors import MissingPackageError
from changeover.evidence.store.place import Database
from changeover.quick_dataclass import dataclass

if TYPE_CHECKING:
    import psycopg

IDLE_S = 30.0
LATE_MAX = 4
"""So many connections may still be opening for which nobody waits any more."""
OPENING_S = 10
EXTRA = "postgres"


@dataclass(slots=True)
class Opened:
    """A connection, and what is known of it."""

    raw: psycopg.Connection[tuple[Any, ...]]
    has_tables: bool = False
    is_used: bool = False
    since: float = field(default_factory=time.monotonic)

    def cut(self) -> None:
        """Let whoever waits for the server know that it is gone; from any thread."""
        with suppress(Exception), socket.socket(fileno=os.dup(self.raw.fileno())) as dup:
            dup.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Close it; what was begun is taken back by the server."""
        with suppress(Exception):
            self.raw.close()


class Connections:
    """The open connections of this process to one schema of a database."""

    idle_max = 2

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._idle: list[Opened] = []
        self._late = 0

    def take(self, wait_s: float) -> Opened:
        """One that nobody else uses; raises OSError where none is there in time, and what psycopg raises."""
        check_package()
        with self._lock:
            while self._idle:
                opened = self._idle.pop()
                if not opened.raw.closed and time.monotonic() - opened.since < IDLE_S:
                    return opened
                opened.end()
            if self._late >= LATE_MAX:
                raise TimeoutError("no connection yet")
        found: Future[Opened] = Future()
        try:
            threading.Thread(target=self._open, args=(found,), name="changeover-connect", daemon=True).start()
        except RuntimeError:  # a process that ends starts no thread any more
            self._open(found)
        try:
            return found.result(wait_s)
        except TimeoutError:
            with self._lock:
                if found.cancel():
                    self._late += 1
                    raise TimeoutError(f"no connection within {wait_s:g} s") from None
            return found.result()

    def _open(self, found: Future[Opened]) -> None:
        import psycopg

        try:
            raw = psycopg.connect(
                self._address,
                autocommit=True,
                connect_timeout=OPENING_S,
                prepare_threshold=None,
                client_encoding="utf8",
                fallback_application_name="changeover",
            )
            raw.changeover_own = True  # type: ignore[attr-defined]  # what it does belongs to no run
        except BaseException as error:  # noqa: BLE001  told to whoever waits
            if self._is_awaited(found):
                found.set_exception(error)
            return
        if self._is_awaited(found):
            found.set_result(Opened(raw))
        else:
            self.give_back(Opened(raw))

    def _is_awaited(self, found: Future[Opened]) -> bool:
        with self._lock:
            is_awaited = found.set_running_or_notify_cancel()
            self._late -= not is_awaited
        return is_awaited

    def give_back(self, opened: Opened) -> None:
        """For the next use, unless there are enough."""
        opened.since = time.monotonic()
        with self._lock:
            if len(self._idle) < self.idle_max and not opened.raw.closed:
                self._idle.append(opened)
                return
        opened.end()

    def close(self) -> None:
        """Those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for opened in idle:
            opened.end()


_KNOWN: dict[tuple[int, Database], Connections] = {}


def connections_of(place: Database) -> Connections:
    """Those of this process to a database."""
    return _KNOWN.setdefault((os.getpid(), place), Connections(place.address))


def close_connections() -> None:
    """Those of this process that nobody uses."""
    for (process, _), connections in list(_KNOWN.items()):
        if process == os.getpid():
            connections.close()


@atexit.register
def _end() -> None:
    """What is opened after this is not kept for a next use: there is none."""
    Connections.idle_max = 0
    close_connections()


def check_package() -> None:
    """Raises MissingPackageError where psycopg is not installed."""
    try:
        import psycopg  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingPackageError("psycopg", EXTRA) from error


def troubles() -> tuple[type[Exception], ...]:
    """What psycopg raises; nothing where it is not installed."""
    try:
        import psycopg
    except ImportError:
        return ()
    return (psycopg.Error,)


def broken_by(error: BaseException) -> bool:
    """Whether the connection was at an end, rather than what was asked."""
    import psycopg

    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
