"""What each receiver gets, from real servers of the test, and that no secret is ever said."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.trading.support.fake_smtp import mail_server
from trading.alerts.alert import Alert, AlertNotTaken
from trading.alerts.configured import configured_receivers
from trading.alerts.receiver import MailReceiver, WebhookReceiver
from trading.notify.smtp import SmtpNotifier
from trading.settings import Settings, SettingsError, load_settings

ALERT = Alert(
    "k" * 32,
    "dead-letter",
    "paper",
    "execution gave up <b>\r\nBcc: you@example.org</b> é",
    datetime(2026, 3, 2, 9, tzinfo=UTC),
    "python -m trading retry 1:execution",
    "workflow-1",
)


class Hook(BaseHTTPRequestHandler):
    answer = 204
    got: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.answer)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def hook(status: int = 204) -> Iterator[tuple[str, type[Hook]]]:
    kind = type("OneHook", (Hook,), {"answer": status, "got": []})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/alerts?for=ops", kind
        finally:
            server.shutdown()
            thread.join(30)


def test_a_webhook_gets_json_with_its_key_and_a_signature_of_what_was_sent() -> None:
    with hook() as (url, kind):
        WebhookReceiver(url, "a secret").send(ALERT)
    [(path, headers, body)] = kind.got
    assert path == "/alerts?for=ops"
    assert json.loads(body) == ALERT.data()
    assert headers["idempotency-key"] == ALERT.key == json.loads(body)["key"]
    signed = hmac.new(b"a secret", body, hashlib.sha256).hexdigest()
    assert headers["x-trading-signature"] == f"sha256={signed}"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_was_not_taken_and_nothing_else_is_asked(status: int) -> None:
    with hook(status) as (url, kind), pytest.raises(AlertNotTaken, match=f"answered {status}"):
        WebhookReceiver(url).send(ALERT)
    assert len(kind.got) == 1


def test_a_receiver_that_drips_is_over_at_its_deadline_and_not_when_it_likes() -> None:
    left = [300]

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while left[0]:
                left[0] -= 1
                connection.sendall(b"x")
                pause.wait(0.05)

    pause = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(AlertNotTaken):
            WebhookReceiver(url, deadline_s=0.3).send(ALERT)
        thread.join(60)
    assert left[0] > 0


def test_neither_error_nor_name_of_a_webhook_says_its_address_or_secret() -> None:
    receiver = WebhookReceiver("http://127.0.0.1:1/hidden-in-the-path", "hidden-secret")
    with pytest.raises(AlertNotTaken) as caught:
        receiver.send(ALERT)
    assert "hidden" not in f"{caught.value!r}{receiver!r}"


def test_a_letter_has_the_key_as_its_id_and_no_header_of_the_sentence() -> None:
    with mail_server() as server:
        smtp = SmtpNotifier("127.0.0.1", server.port, "a@b.example", "ops@b.example", None, None, False)
        MailReceiver(smtp).send(ALERT)
    letter = server.messages[0]
    head, _, _ = letter.replace("\r\n", "\n").partition("\n\n")
    assert f"Message-ID: <{ALERT.key}@trading.alert>" in head
    assert not any(line.lower().startswith("bcc:") for line in head.splitlines())
    assert "To: ops@b.example" in head


def test_settings_and_environment_name_the_receivers(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(
        '[smtp]\nhost = "h"\nsender = "a@b"\nrecipient = "c@d"\n'
        '[alerts]\nwebhook = "https://hooks.example/x"\nemail = "ops@b"\n',
        encoding="utf-8",
    )
    settings = load_settings(path)
    log, web, mail = configured_receivers(settings, {"TRADING_ALERT_SECRET": "s"})
    assert (log.name, web.name, mail.name) == ("log", "webhook", "email")
    assert isinstance(mail, MailReceiver)
    assert mail.server.recipient == "ops@b"
    _, other, _ = configured_receivers(settings, {"TRADING_ALERT_WEBHOOK": "http://127.0.0.1/y"})
    assert isinstance(other, WebhookReceiver)
    assert (other.url, other.secret) == ("http://127.0.0.1/y", None)
    assert [one.name for one in configured_receivers(Settings(), {})] == ["log"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[alerts]\nwebhook = "ftp://x/secret"\n', "alerts.webhook: should be an http or https address"),
        ('[alerts]\nemail = "ops@b"\n', "alerts.email: needs a mail server: write a table [smtp]"),
    ],
)
def test_a_receiver_that_cannot_be_used_is_refused_before_anything_runs(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_address_of_the_environment_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="TRADING_ALERT_WEBHOOK: should be") as caught:
        configured_receivers(Settings(), {"TRADING_ALERT_WEBHOOK": "hidden"})
    assert "hidden" not in str(caught.value)
