"""Who hears of an alert: the log, a webhook, a mailbox."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Event, Timer
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from trading.alerts.alert import Alert, AlertNotTaken
from trading.notify.port import NotificationFailed
from trading.notify.smtp import SmtpNotifier

log = structlog.get_logger(__name__)

DEADLINE_S = 10.0


class Receiver(Protocol):
    """Somewhere alerts go; `name` is what the ledger knows it by."""

    @property
    def name(self) -> str:
        """One word."""
        ...

    def send(self, alert: Alert) -> None:
        """Hand it over; raises AlertNotTaken."""
        ...


class LogReceiver:
    """One line of the log, as an error."""

    name = "log"

    def send(self, alert: Alert) -> None:
        """Write it down."""
        log.error(
            "alert",
            kind=alert.kind,
            account=alert.account,
            sentence=alert.sentence,
            workflow_id=alert.workflow_id,
            key=alert.key,
            next=alert.next_step,
        )


@dataclass(frozen=True)
class WebhookReceiver:
    """Posts the alert as JSON, signed where there is a secret; follows no redirect."""

    url: str = field(repr=False)  # there may be a secret in it
    secret: str | None = field(default=None, repr=False)
    deadline_s: float = DEADLINE_S
    name: str = "webhook"

    def send(self, alert: Alert) -> None:
        """Post it; every answer from 200 to 299 has taken it, and nothing of its body is read."""
        body = json.dumps(alert.data()).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": alert.key}
        if self.secret is not None:
            signed = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Trading-Signature"] = f"sha256={signed}"
        try:
            status = self._post(body, headers)
        except (OSError, HTTPException, ValueError) as error:
            failed = type(error).__name__  # its text may quote the address
        else:
            if 200 <= status < 300:
                return
            failed = f"it answered {status}"
        raise AlertNotTaken(f"webhook at {urlsplit(self.url).hostname}: {failed}")

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        made = HTTPSConnection if secure else HTTPConnection
        connection = made(parts.hostname or "", parts.port, timeout=self.deadline_s)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        try:
            with ending_after(self.deadline_s, lambda: connection.sock):
                connection.request("POST", path, body, headers)
                return connection.getresponse().status
        finally:
            connection.close()


@dataclass(frozen=True)
class MailReceiver:
    """One letter per alert through the mail server of the settings."""

    server: SmtpNotifier
    name: str = "email"

    def send(self, alert: Alert) -> None:
        """Hand it to the mail server; a second copy has the same id."""
        letter = EmailMessage()
        letter["From"], letter["To"] = self.server.sender, self.server.recipient
        letter["Subject"] = _one_line(alert.subject_line)
        letter["Message-ID"] = f"<{alert.key}@trading.alert>"
        letter["X-Trading-Key"] = alert.key
        letter["X-Trading-Kind"] = "alert"
        letter.set_content(
            f"{alert.sentence}\n\nSince {alert.since:%Y-%m-%d %H:%M:%S}Z.\nNext: {alert.next_step}\n"
        )
        try:
            self.server.deliver(letter)
        except NotificationFailed as failed:
            raise AlertNotTaken(str(failed)) from failed


@contextmanager
def ending_after(seconds: float, open_socket: Callable[[], socket | None]) -> Iterator[None]:
    """End what a connection waits for when its time is up: a receiver that drips never times out itself.

    Raises TimeoutError then, also where what has arrived until then looks whole.
    """
    ended = Event()

    def end() -> None:
        ended.set()
        with suppress(OSError, AttributeError):
            if (found := open_socket()) is not None:
                found.shutdown(SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if ended.is_set():
        raise TimeoutError(f"it took longer than {seconds} s")


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
