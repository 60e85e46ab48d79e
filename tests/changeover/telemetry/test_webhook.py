"""The webhook against servers that answer, refuse, redirect, hang and break; nobody ever waits for it."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from changeover.errors import ConfigurationError
from changeover.telemetry import webhook
from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.webhook import WAITING_MAX, WebhookAlerts

ALERT = Alert(AlertKind.TRIPPED, "portfolio: live -> shadow", "portfolio", run="run-1", cluster="09ad52")


class Server(ThreadingHTTPServer):
    """Answers with these statuses in turn, the last one again and again; keeps what it was sent."""

    daemon_threads = True

    def __init__(self, *statuses: int, hangs: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = list(statuses)
        self.got: list[tuple[str, str, bytes]] = []
        self.go_on = threading.Event()
        if not hangs:
            self.go_on.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/s3cret"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.command, self.path, body))
        self.server.go_on.wait()
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815  named by the base class

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSE_S", 0.0)


def test_an_alert_is_posted_as_json() -> None:
    with serving(Server(204)) as server:
        sink = WebhookAlerts(server.url)
        sink(ALERT)
        sink.close()
    assert sink.sent == 1
    method, path, body = server.got[0]
    assert (method, path) == ("POST", "/hook/s3cret")
    assert json.loads(body) == {
        "schema_version": 1,
        "kind": "tripped",
        "phase": "portfolio",
        "text": "portfolio: live -> shadow",
        "run": "run-1",
        "cluster": "09ad52",
        "at": ALERT.at.isoformat(),
        "repeats": 0,
    }


def test_a_server_that_breaks_is_tried_again_a_few_times() -> None:
    with serving(Server(500, 503, 200)) as server:
        sink = WebhookAlerts(server.url)
        sink(ALERT)
        sink.close()
    assert (sink.sent, sink.failed, len(server.got)) == (1, 0, 3)


def test_a_server_that_stays_broken_is_given_up_and_the_log_does_not_say_the_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING), serving(Server(500)) as server:
        sink = WebhookAlerts(server.url)
        sink(ALERT)
        sink.close()
    assert (sink.sent, sink.failed, len(server.got)) == (0, 1, 3)
    assert "it answered 500" in caplog.text
    assert "s3cret" not in caplog.text + repr(sink)


def test_what_was_refused_is_not_asked_again() -> None:
    with serving(Server(404)) as server:
        sink = WebhookAlerts(server.url)
        sink(ALERT)
        sink.close()
    assert (sink.failed, len(server.got)) == (1, 1)


def test_a_redirect_is_not_followed() -> None:
    with serving(Server(302)) as server:
        sink = WebhookAlerts(server.url)
        sink(ALERT)
        sink.close()
    assert (sink.failed, [path for _, path, _ in server.got]) == (1, ["/hook/s3cret"])


def test_a_server_that_nobody_runs_harms_nobody() -> None:
    with serving(Server(200)) as server:
        url = server.url
    sink = WebhookAlerts(url)
    sink(ALERT)
    sink.close()
    assert (sink.sent, sink.failed) == (0, 1)


def test_a_server_that_hangs_holds_up_neither_caller_nor_exit_and_what_waits_is_bounded() -> None:
    with serving(Server(200, hangs=True)) as server:
        sink = WebhookAlerts(server.url, timeout_s=30)
        sink(ALERT)
        while not server.got:
            sink.close(0.01)
        for _ in range(WAITING_MAX + 7):
            sink(ALERT)
        sink.close(0.0)
        assert (sink.sent, sink.dropped) == (0, 7)
        server.go_on.set()
        sink.close(30)
    assert sink.sent == WAITING_MAX + 1


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "", "http://", "hook", "http://[::1/s3cret", "javascript:1"]
)
def test_an_address_that_is_not_http_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: http://") as refused:
        WebhookAlerts(url)
    assert "s3cret" not in str(refused.value)
