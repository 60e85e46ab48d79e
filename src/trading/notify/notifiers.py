"""Where messages go: the outbox that the system writes to, a Maildir folder, or memory."""

from email.message import EmailMessage
from pathlib import Path

from trading.notify.port import Notification, NotificationFailed, Notifier

SENDER = "trading@localhost"
MAILDIR = ("tmp", "new", "cur")
PRIVATE = 0o700


def as_mail(notification: Notification, *, sender: str, recipient: str) -> EmailMessage:
    """The message as mail; its kind travels in the header `X-Trading-Kind`."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = notification.subject
    mail["X-Trading-Kind"] = notification.kind
    mail.set_content(notification.body)
    return mail


class MailboxNotifier:
    """Delivers into a Maildir folder; a message is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, notification: Notification) -> None:
        """Add one message; raises NotificationFailed where the folder cannot be written."""
        import mailbox  # reads the whole email package: paid for when something is sent

        try:
            self._make_folders()
            box = mailbox.Maildir(self._folder, create=False)
            box.add(as_mail(notification, sender=SENDER, recipient=SENDER))
            box.close()
        except (OSError, mailbox.Error) as error:
            raise NotificationFailed(f"mailbox {self._folder}: {error}") from error

    def _make_folders(self) -> None:
        """One by one, whatever is there: a process that made some of them may have ended in between."""
        self._folder.mkdir(PRIVATE, parents=True, exist_ok=True)
        missing = set(MAILDIR) - (found := {entry.name for entry in self._folder.iterdir()})
        if missing and not found <= set(MAILDIR):
            raise NotificationFailed(f"mailbox {self._folder}: holds something else; name another folder")
        for part in sorted(missing):
            (self._folder / part).mkdir(PRIVATE, exist_ok=True)


class MemoryNotifier:
    """Keeps every message in the order in which it was sent."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> None:
        """Keep it."""
        self.sent.append(notification)


class Outbox:
    """Hands every message to the notifier of the settings; that one class is what a migration watches."""

    def __init__(self, carrier: Notifier) -> None:
        self._carrier = carrier

    def send(self, notification: Notification) -> None:
        """Deliver once; raises NotificationFailed."""
        self._carrier.send(notification)
