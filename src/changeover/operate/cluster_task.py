"""The one function of changeover that a Dask worker runs: it hands a share to a process beside that worker.

A path runs in no thread of Dask: what it does to its process, ends in it. The process is kept while the
comparison goes on; bytes come, and bytes go back.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import Any

from changeover.evidence.child_processes import how_it_ended
from changeover.operate.messages import Message, receive, send, unpacked
from changeover.settings import INLINE, MODE_VARIABLE, STORE_VARIABLE
from changeover.values.error_text import class_and_message

END = "end"


def replays(request: bytes) -> bytes:
    """What came of the replays of a share, as JSON: `parts`, and `ended` or `refused` where some are missing.

    A request names a client and its comparison, and has a share of it, which may be empty: then nothing but a
    process is made ready. One to `end` a client ends all of its processes here. It raises nothing, as Dask
    would write a part of the request to its log.
    """
    try:
        return json.dumps(_answer(unpacked(request))).encode()
    except Exception as error:  # noqa: BLE001  see above
        return json.dumps(
            {"parts": [], "refused": ["its process", f"cannot be had: {class_and_message(error)}"]}
        ).encode()


def _answer(message: Message) -> dict[str, Any]:
    head = message.head
    if END in head:
        _end(head[END])
        return {}
    client = head["comparison"]["client"]
    process = _idle(client) or _Process(head["comparison"])
    if client in _ended:  # Dask began what had been taken back
        process.close()
        return {"parts": [], "ended": _GONE}
    found = process.answer(head, message.body)
    if "ended" in found:
        process.close()
    else:
        _keep(process)
    return found


class _Process:
    """One process of replays, for one client."""

    def __init__(self, comparison: Mapping[str, Any]) -> None:
        self.client = comparison["client"]
        ours, theirs = socket.socketpair()
        self._connection = ours
        environment = {**os.environ, MODE_VARIABLE: INLINE, STORE_VARIABLE: "none"}
        for name, value in comparison["variables"].items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  this interpreter, and a module of the toolkit
                [sys.executable, "-m", "changeover.operate.cluster_process", str(theirs.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # the interrupt key is for whoever compares
            )
        with _lock:
            _at_work.append(self)

    def answer(self, head: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        """What it says of a share, or how it ended before it could."""
        parts: list[Any] = []
        try:
            send(self._connection, head, body)
            while (said := receive(self._connection)) is not None:
                if "part" not in said.head:
                    return {"parts": parts, **said.head}
                parts.append(said.head["part"])
        except OSError:
            pass
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        return {"parts": parts, "ended": how_it_ended(self._process.wait())}

    def close(self) -> None:
        """End it, whatever it does."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._connection.close()
        with _lock:
            if self in _at_work:
                _at_work.remove(self)


_lock = Lock()
_idle_ones: list[_Process] = []
_at_work: list[_Process] = []
_ended: deque[str] = deque(maxlen=1_000)
"""The clients that have ended here, the latest of them."""
_GONE = "whoever compared has ended"


def _idle(client: str) -> _Process | None:
    """One of this client that has nothing to do; those of others are over."""
    with _lock:
        mine = next((one for one in _idle_ones if one.client == client), None)
        over = [one for one in _idle_ones if one.client != client]
        _idle_ones[:] = [one for one in _idle_ones if one.client == client and one is not mine]
    for one in over:
        one.close()
    return mine


def _keep(process: _Process) -> None:
    with _lock:
        _idle_ones.append(process)


def _end(client: str) -> None:
    with _lock:
        _ended.append(client)
        over = [one for one in _at_work if one.client == client]
        _idle_ones[:] = [one for one in _idle_ones if one.client != client]
    for one in over:
        one.close()
