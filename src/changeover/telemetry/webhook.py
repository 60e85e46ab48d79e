"""Alerts as POST requests to one address, from a thread of their own, so that no run waits for them."""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from changeover.errors import ConfigurationError
from changeover.record.context import permitted
from changeover.telemetry.alerts import Alert
from changeover.telemetry.logs import logger

TIMEOUT_S = 5.0
WAITING_MAX = 100
ATTEMPTS_MAX = 3
PAUSE_S = 0.5
ANSWER_BYTES_MAX = 4_096
_TRY_AGAIN = frozenset({408, 425, 429})
_log = logger("alert")


class WebhookAlerts:
    """POSTs each alert as JSON, tried a few times; `sent`, `failed` and `dropped` count what became of them.

    Follows no redirect. The address may hold a secret, so that logs and errors name its host alone. Raises
    ConfigurationError for an address that is not http or https.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._host = _host(url)
        self._timeout_s = timeout_s
        self._begin()

    def __call__(self, alert: Alert) -> None:
        """Take it; one that finds too many waiting is dropped and counted."""
        if os.getpid() != self._pid:
            self._begin()  # a forked child: what waits is the parent's, and so is its thread
        body = json.dumps(alert.to_data()).encode()
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                self.dropped += 1
                return
            self._waiting.append(body)
            if self._thread is None:
                self._start()
            self._changed.notify_all()

    def close(self, deadline_s: float | None = None) -> None:
        """Wait until everything was sent or given up, at most so long (None: one timeout)."""
        if os.getpid() != self._pid:
            return
        longest_s = self._timeout_s if deadline_s is None else deadline_s
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._sending, longest_s)

    def __repr__(self) -> str:
        return f"WebhookAlerts({self._host})"

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._sending = False
        self._thread: threading.Thread | None = None
        self.sent = self.failed = self.dropped = 0

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="changeover alerts", daemon=True)
        with permitted():
            self._thread.start()
        atexit.register(self.close)

    def _work(self) -> None:
        with permitted():
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting)
                    body = self._waiting.popleft()
                    self._sending = True
                done = self._sent(body)
                with self._changed:
                    self._sending = False
                    self.sent += done
                    self.failed += not done
                    self._changed.notify_all()

    def _sent(self, body: bytes) -> bool:
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                threading.Event().wait(PAUSE_S * attempt)
            try:
                status = _post(self._url, body, self._timeout_s)
            except Exception as error:  # noqa: BLE001  a network fails in many ways, and none harms a run
                # The message of the error may repeat the address; its type does not.
                problem, again = type(error).__name__, True
            else:
                if 200 <= status < 300:
                    return True
                problem, again = f"it answered {status}", status >= 500 or status in _TRY_AGAIN
            if not again:
                break
        _log.warning("an alert did not reach %s: %s", self._host, problem)
        return False


def _post(url: str, body: bytes, timeout_s: float) -> int:
    """The status of the answer, whatever it is; a redirect is an answer like any other."""
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            """Follow nothing: the answer of another place is not asked for."""

    request = Request(url, body, {"Content-Type": "application/json"}, method="POST")  # noqa: S310  checked
    try:
        with build_opener(Stay).open(request, timeout=timeout_s) as answer:
            answer.read(ANSWER_BYTES_MAX)
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        shown = f"scheme {parts.scheme!r}" if host or parts.scheme else "no address"
        raise ConfigurationError("alert webhook", f"was {shown}, allowed: http://… or https://…")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}/…"
