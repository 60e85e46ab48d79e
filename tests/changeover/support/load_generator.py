"""Requests at a fixed rate over connections that stay open; prints JSON.

`python -m tests.changeover.support.load_generator PORT RATE SECONDS WARM CONNECTIONS`. A request is due at a
moment that does not depend on the answers before it, and its time runs from then: a service that stalls
is charged for all that it makes wait.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass

TICK_S = 0.0005
PATIENCE_S = 120.0
"""So long after the last request an answer is waited for: on a busy machine all of them come late."""


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """Times of the requests that were due after the first seconds; `answered` and `errors` are of all.

    Times are in milliseconds. `late_p99` is how late the generator itself was.
    """

    answered: int
    errors: int
    p50: float
    p99: float
    late_p99: float


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, load: _Load) -> None:
        self._load, self._due, self._data = load, 0.0, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._take_at_once()
        self._load.free.append(self)

    def ask(self, due: float, number: int) -> None:
        assert self._transport is not None
        self._due, self._data = due, b""
        self._transport.write(b"GET /item-%d/10 HTTP/1.1\r\nHost: load\r\n\r\n" % (number % 1000))

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._take_at_once()
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) >= int(length or 0):
            self._load.answered(self, self._due, is_right=head.startswith(b"HTTP/1.1 200"))

    def _take_at_once(self) -> None:
        """Head and body of an answer come apart, and uvicorn sends the body when the head is acknowledged.

        With several processes it listens at a socket on which asyncio does not switch that off, so that each
        request would take the 40 ms after which Linux acknowledges by itself.
        """
        assert self._transport is not None
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.errors += 1


class _Load:
    """All requests of one run."""

    def __init__(self, rate: float, seconds: float, warm: float) -> None:
        self.free: deque[_Connection] = deque()
        self.errors = self.count = 0
        self._waiting: deque[tuple[float, int]] = deque()
        self._rate, self._total = rate, int(rate * seconds)
        self._warm, self._times, self._late = warm, array("d"), array("d")
        self._loop = asyncio.get_running_loop()
        self._sent = 0
        self._began = self._loop.time()

    async def run(self, port: int, connections: int) -> None:
        for _ in range(connections):
            await self._loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
        await asyncio.sleep(0.2)
        self._began = self._loop.time()
        while self._sent < self._total:
            self._send_due()
            await asyncio.sleep(TICK_S)
        until = self._loop.time() + PATIENCE_S
        while self.count < self._total and self._loop.time() < until:
            await asyncio.sleep(0.05)
        self.errors += self._total - self.count

    def _send_due(self) -> None:
        now = self._loop.time()
        while self._sent < self._total and (due := self._began + self._sent / self._rate) <= now:
            if due - self._began >= self._warm:
                self._late.append(now - due)
            self._ask(due, self._sent)
            self._sent += 1

    def _ask(self, due: float, number: int) -> None:
        if self.free:
            self.free.popleft().ask(due, number)
        else:
            self._waiting.append((due, number))

    def answered(self, connection: _Connection, due: float, *, is_right: bool) -> None:
        self.count += 1
        self.errors += not is_right
        if due - self._began >= self._warm:
            self._times.append(self._loop.time() - due)
        if self._waiting:
            connection.ask(*self._waiting.popleft())
        else:
            self.free.append(connection)

    @property
    def figures(self) -> LoadFigures:
        times, late = sorted(self._times), sorted(self._late)
        return LoadFigures(self.count, self.errors, _at(times, 0.5), _at(times, 0.99), _at(late, 0.99))


def _at(ordered: Sequence[float], part: float) -> float:
    return round(1000 * ordered[int(part * (len(ordered) - 1))], 3) if ordered else 0.0


async def measured(port: int, rate: float, seconds: float, warm: float, connections: int) -> LoadFigures:
    """Offer so many requests a second for so long."""
    load = _Load(rate, seconds, warm)
    await load.run(port, connections)
    return load.figures


if __name__ == "__main__":
    gc.disable()
    _port, _rate, _seconds, _warm, _connections = map(float, sys.argv[1:])
    print(json.dumps(asdict(asyncio.run(measured(int(_port), _rate, _seconds, _warm, int(_connections))))))
