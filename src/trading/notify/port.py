"""The port through which people are told."""

from dataclasses import dataclass
from typing import Protocol


class NotificationFailed(Exception):
    """The message did not leave; the reason is for a person."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A message; `kind` is `trading`, `market-closed`, `overdue` or `failure`."""

    kind: str
    subject: str
    body: str


class Notifier(Protocol):
    """Somewhere messages go."""

    def send(self, notification: Notification) -> None:
        """Deliver once; raises NotificationFailed."""
        ...
