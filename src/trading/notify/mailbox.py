"""Messages as mail in a Maildir folder, which any mail program can open."""

from email.message import EmailMessage
from pathlib import Path

from trading.notify.port import Notification, NotificationFailed

SENDER = "trading@localhost"


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
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            box = mailbox.Maildir(self._folder, create=True)
            box.add(as_mail(notification, sender=SENDER, recipient=SENDER))
            box.close()
        except (OSError, mailbox.Error) as error:
            raise NotificationFailed(f"mailbox {self._folder}: {error}") from error
