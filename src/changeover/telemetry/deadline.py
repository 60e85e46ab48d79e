"""A time by which a conversation over the network is over, however slowly the other side speaks.

A timeout of a socket counts anew with every byte. Here all that was connected is cut when the time is over.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

LEAST_S = 0.001


class Deadline:
    """Connects within it, and cuts its connections at its end; a context manager.

    Args:
        seconds: how long all of the block may take. Looking up a name of a host is the one thing that
            cannot be cut: the system's resolver has limits of its own.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._spares: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        with suppress(RuntimeError):  # a process that ends starts no thread any more
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for spare in self._spares:
                spare.close()
            self._spares.clear()

    @property
    def left_s(self) -> float:
        """How much is left; 0 where it is over."""
        return max(0.0, self._end - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return not self.left_s

    def connect(self, address: tuple[str, int]) -> socket.socket:
        """A connection that ends with it; raises OSError."""
        problem: OSError | None = None
        for family, kind, protocol, _, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            if self.is_over:
                break
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(max(LEAST_S, self.left_s))
                made.connect(place)
                self._keep(made)
            except OSError as error:
                made.close()
                problem = error
                continue
            return made
        raise problem or TimeoutError("the time is over")

    def _keep(self, made: socket.socket) -> None:
        # A second handle of the same connection: TLS takes the first one over.
        spare = made.dup()
        with self._lock:
            self._spares.append(spare)

    def _cut(self) -> None:
        with self._lock:
            for spare in self._spares:
                with suppress(OSError):
                    spare.shutdown(socket.SHUT_RDWR)
