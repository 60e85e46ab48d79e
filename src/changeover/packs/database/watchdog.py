"""One deadline for a copy of a database, kept by a thread that nothing of the copy can hold up."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from types import TracebackType

from changeover.packs.database.statement import Connection


class Watchdog:
    """Cuts a copy off when its time is up; leaving the block in time calls it back.

    Args:
        seconds: how long the copy may last.
        cut: ends whatever is under way on its connection; called in another thread.
    """

    def __init__(self, seconds: float, cut: Callable[[], None]) -> None:
        self._cut = cut
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.name = "changeover-watchdog"
        self.has_cut = False

    def __enter__(self) -> Watchdog:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """The copy is over."""
        self._timer.cancel()

    def _end(self) -> None:
        self.has_cut = True
        with suppress(Exception):  # a connection that is closed already
            self._cut()


def socket_of(connection: Connection) -> socket.socket | None:
    """The socket of a connection to a server, of its own: to be shut down while a thread waits at it."""
    driver = getattr(connection, "driver_connection", None) or connection
    number = getattr(driver, "fileno", None)
    if number is not None:
        return socket.socket(fileno=os.dup(number()))
    transport = getattr(driver, "_transport", None)
    found = None if transport is None else transport.get_extra_info("socket")
    return None if found is None else socket.socket(fileno=os.dup(found.fileno()))


def hang_up(line: socket.socket) -> None:
    """End the connection as the server sees it: it rolls back and lets go of every lock."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
