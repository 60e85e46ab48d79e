"""Messages kept in memory: for a run through history, where nobody waits for mail."""

from trading.notify.port import Notification


class MemoryNotifier:
    """Keeps every message in the order in which it was sent."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> None:
        """Keep it."""
        self.sent.append(notification)
