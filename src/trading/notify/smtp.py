"""Messages by SMTP."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage

from trading.notify.notifiers import as_mail
from trading.notify.port import Notification, NotificationFailed

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class SmtpNotifier:
    """Sends each message over a connection of its own; logs in where a password is given."""

    host: str
    port: int
    sender: str
    recipient: str
    user: str | None
    password: str | None
    starttls: bool

    def send(self, notification: Notification) -> None:
        """Hand over one message; raises NotificationFailed, never with the password in its text."""
        self.deliver(as_mail(notification, sender=self.sender, recipient=self.recipient))

    def deliver(self, mail: EmailMessage) -> None:
        """Hand over a letter that is written already; raises NotificationFailed in the same way."""
        failed = self._try(mail)
        if failed is not None:  # raised apart from the error, whose text and chain may quote the password
            raise NotificationFailed(f"SMTP server {self.host}:{self.port} took no message: {failed}")

    def _try(self, mail: EmailMessage) -> str | None:
        """The kind of what went wrong, or None."""
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S) as server:
                if self.starttls:
                    server.starttls(context=ssl.create_default_context())
                if self.user is not None and self.password is not None:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: not to be sent as ASCII
            return type(error).__name__
        return None

    def __repr__(self) -> str:
        return f"SmtpNotifier({self.host}:{self.port}, to {self.recipient})"
