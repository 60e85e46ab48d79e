"""Alerts as POST requests to one address: as JSON that is signed, or in the form that Slack reads."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType

from changeover.telemetry.deadline import Deadline
from changeover.telemetry.receiver import Message, NotDelivered
from changeover.values.web_address import IDEMPOTENCY_HEADER, SIGNATURE_HEADER, check_header, host_of

DEADLINE_S = 10.0
ATTEMPTS_MAX = 3
PAUSE_S = 0.5
_TRY_AGAIN = frozenset({408, 425, 429})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def signature(secret: bytes, seconds: int, body: bytes) -> str:
    """The header that proves who sent a body, and when: HMAC-SHA256 over the time, a dot and the body."""
    made = hmac.new(secret, str(seconds).encode() + b"." + body, sha256).hexdigest()
    return f"t={seconds},v1={made}"


class WebhookAlerts:
    """POSTs each alert as JSON, tried a few times before its deadline.

    Follows no redirect. The address may hold a secret, so that answers and errors name its host alone.

    Args:
        url: http or https.
        headers: are sent as well.
        secret: signs every request (`Changeover-Signature`).
        deadline_s: how many seconds all attempts together may take.

    Raises:
        ConfigurationError: the address is not http or https, or a header cannot be one.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        secret: str | None = None,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.where = host_of("alert webhook", url)
        for name, value in headers.items():
            check_header("alert webhook", name, value)
        self._url, self._headers, self._deadline_s, self._clock = url, dict(headers), deadline_s, clock
        self._secret = None if secret is None else secret.encode()

    def send(self, message: Message) -> str:
        """Send it; gives the status, raises NotDelivered."""
        body = json.dumps(self.content(message)).encode()
        headers = {**self._headers, "Content-Type": "application/json", IDEMPOTENCY_HEADER: message.key}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = signature(self._secret, int(self._clock()), body)
        return self._sent(body, headers)

    def content(self, message: Message) -> dict[str, object]:
        """What is sent, as JSON."""
        return message.to_data()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.where})"

    def _sent(self, body: bytes, headers: Mapping[str, str]) -> str:
        problem = "it was not asked"
        with Deadline(self._deadline_s) as deadline:
            for attempt in range(ATTEMPTS_MAX):
                if attempt:
                    threading.Event().wait(min(PAUSE_S * attempt, deadline.left_s))
                if deadline.is_over:
                    break
                answered, problem = _asked(self._url, body, headers, deadline)
                if answered is not None:
                    return answered
                if problem.startswith(_REFUSED):
                    break
        raise NotDelivered(f"{self.where}: {problem}")


_REFUSED = "it refused: "


def _asked(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> tuple[str | None, str]:
    """What was answered where it took the alert, else None; and what is wrong."""
    from changeover.telemetry.post import post

    try:
        status = post(url, body, headers, deadline)
    except Exception as error:  # noqa: BLE001  a network fails in many ways
        if deadline.is_over:
            return None, f"no answer within {deadline.seconds:g} s"
        # The message of the error may repeat the address; its type does not.
        return None, type(error).__name__
    if deadline.is_over:  # what was cut off in the middle is no answer
        return None, f"no answer within {deadline.seconds:g} s"
    if 200 <= status < 300:
        return str(status), ""
    again = status >= 500 or status in _TRY_AGAIN
    return None, f"it answered {status}" if again else f"{_REFUSED}{status}"


class SlackAlerts(WebhookAlerts):
    """POSTs each alert to an incoming webhook of Slack, or of what reads the same form."""

    name = "slack"

    def content(self, message: Message) -> dict[str, object]:
        """A text in Slack's own marks, in which nothing of the alert is a mark."""
        alert = message.alert
        about = f"*changeover {alert.kind}*" + (f" · {_plain(alert.phase)}" if alert.phase else "")
        again = f"\n{alert.repeats} more like it were held back" if alert.repeats else ""
        return {"text": f"{about}\n{_plain(alert.text)}{again}"}


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
