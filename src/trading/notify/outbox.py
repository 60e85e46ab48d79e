"""The one place through which the system sends messages, whatever carries them."""

from trading.notify.port import Notification, Notifier


class Outbox:
    """Hands every message to the notifier of the settings; that one class is what a migration watches."""

    def __init__(self, carrier: Notifier) -> None:
        self._carrier = carrier

    def send(self, notification: Notification) -> None:
        """Deliver once; raises NotificationFailed."""
        self._carrier.send(notification)
