"""What an alert is sent to: a webhook, a channel of Slack, people by e-mail, the log."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from changeover.errors import ChangeoverError
from changeover.quick_dataclass import dataclass
from changeover.telemetry.alerts import Alert, LogAlerts

LOG = "log"


class NotDelivered(ChangeoverError):
    """A receiver did not take an alert; the text names no secret of its address."""


@dataclass(frozen=True, slots=True)
class Message:
    """One alert on its way; whoever gets the same `key` twice has got the same alert twice."""

    key: str
    alert: Alert

    def to_data(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.alert.to_data(), "key": self.key}


@runtime_checkable
class Receiver(Protocol):
    """One place that alerts are sent to, always from one thread at a time.

    `name` is its place in the configuration, `where` is where it is, without a secret.
    """

    @property
    def name(self) -> str:
        """`webhook`, `slack`, `email` or `log`."""

    @property
    def where(self) -> str:
        """The host, as it may be shown."""

    def send(self, message: Message) -> str:
        """Send it within the receiver's deadline; gives what was answered, raises NotDelivered."""


class LogReceiver:
    """The log of the process that sends."""

    name = LOG
    where = "changeover.alert"

    def __init__(self) -> None:
        self._log = LogAlerts()

    def send(self, message: Message) -> str:
        """One line."""
        self._log(message.alert)
        return "written"


class NoReceiver:
    """One that is configured and cannot be used; it says why, as often as it is asked."""

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        self.where = "nowhere"

    def send(self, message: Message) -> str:
        """Refuse it."""
        raise NotDelivered(self.why)
