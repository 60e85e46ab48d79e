"""Alerts by e-mail, over one SMTP server, in the thread that sends."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from changeover.telemetry.deadline import Deadline
from changeover.telemetry.receiver import Message, NotDelivered
from changeover.telemetry.webhook import DEADLINE_S

if TYPE_CHECKING:
    from email.message import EmailMessage

KEY_HEADER = "Changeover-Key"
SUBJECT_CHARACTERS_MAX = 120


class EmailAlerts:
    """Sends each alert to all addresses at once; the same alert has the same Message-ID.

    Args:
        host: the SMTP server.
        port: of the server.
        sender: the address that it comes from.
        to: the addresses that it goes to.
        starttls: speak TLS from the first word on; a server that cannot is not told anything.
        login: user and password, None for neither.
        deadline_s: how many seconds all of it may take.
    """

    name = "email"

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        to: Sequence[str],
        *,
        starttls: bool = True,
        login: tuple[str, str] | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.where = f"{host}:{port}"
        self._host, self._port, self._sender, self._to = host, port, sender, tuple(to)
        self._starttls, self._login, self._deadline_s = starttls, login, deadline_s

    def send(self, message: Message) -> str:
        """Send it; gives how many addresses were taken, raises NotDelivered."""
        with Deadline(self._deadline_s) as deadline:
            try:
                refused = self._spoken(message, deadline)
            except Exception as error:  # noqa: BLE001  a server fails in many ways; its words may be anything
                late = f"no answer within {deadline.seconds:g} s" if deadline.is_over else _kind_of(error)
                raise NotDelivered(f"{self.where}: {late}") from None
        # Sent again it would reach those that were taken a second time.
        return f"{len(self._to) - refused} of {len(self._to)} addresses"

    def __repr__(self) -> str:
        return f"EmailAlerts({self.where})"

    def _spoken(self, message: Message, deadline: Deadline) -> int:
        """How many addresses were refused."""
        from smtplib import SMTP

        class Ending(SMTP):
            def _get_socket(self, host: str, port: int, timeout: float) -> object:
                return deadline.connect((host, port))

        server = Ending(
            self._host, self._port, platform.node() or "localhost", timeout=max(0.001, deadline.left_s)
        )
        try:
            if self._starttls:
                import ssl

                server.starttls(context=ssl.create_default_context())
            if self._login is not None:
                server.login(*self._login)
            refused = server.send_message(_letter(message, self._sender, self._to))
            with suppress(Exception):  # it has been taken, whatever is said at parting
                server.quit()
        finally:
            server.close()
        return len(refused)


def _kind_of(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return type(error).__name__ if code is None else f"it answered {code}"


def _letter(message: Message, sender: str, to: Sequence[str]) -> EmailMessage:
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    alert, letter = message.alert, EmailMessage(policy=SMTP)
    about = f"changeover {alert.kind}" + (f": {alert.phase}" if alert.phase else "")
    letter["Subject"] = _one_line(about)[:SUBJECT_CHARACTERS_MAX]
    letter["From"], letter["To"] = sender, ", ".join(to)
    letter["Date"] = format_datetime(alert.at)
    letter["Message-ID"] = f"<{message.key}@changeover.invalid>"
    letter[KEY_HEADER] = message.key
    letter["Auto-Submitted"] = "auto-generated"
    facts = [f"{name}: {value}" for name, value in _facts(message).items() if value]
    letter.set_content("\n".join([_readable(alert.text), "", *facts]) + "\n")
    return letter


def _facts(message: Message) -> dict[str, object]:
    alert = message.alert
    look = (
        None
        if alert.cluster is None and alert.run is None
        else f"changeover explain {alert.cluster or alert.run}"
    )
    return {
        "phase": _one_line(alert.phase or ""),
        "at": alert.at.isoformat(timespec="seconds"),
        "look": look,
        "held back": alert.repeats,
        "key": message.key,
    }


def _one_line(text: str) -> str:
    return " ".join(_readable(text).split())


def _readable(text: str) -> str:
    """Without what no letter can hold: halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()
