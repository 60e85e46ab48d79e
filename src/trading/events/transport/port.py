"""The port to a broker, and what it promises.

A message that `send` has returned for is with the broker, once for every group that takes its type. A group
gets each message at least once, and those of one key in the order in which they were sent first. A message
comes again until it is finished or set aside. Who subscribes for a group is alone: it holds the claim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TransportUnusable(Exception):
    """An address, or a missing library: what it was, what is allowed and what to do."""


class TransportLost(Exception):
    """The broker does not answer, or refused a message: whether it has what was sent last is not known."""


class MessageRefused(Exception):
    """The broker will never take one of the messages: it is too large, or no group takes its type."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it travels; messages of one `key` stay in order. `headers` can be read without the body."""

    event_id: str
    event_type: str
    key: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a group was given; `redelivered` says that it may have been given it before.

    Nothing is known of headers and body: anybody may have sent them. `receipt` is the transport's own.
    """

    headers: Mapping[str, str]
    body: bytes
    redelivered: bool
    receipt: object


class Aside(StrEnum):
    """Where messages lie that no handler gets."""

    PARKED = "parked"  # this program cannot read it; a later one may
    DEAD = "dead"  # whoever began to handle it died of it, again and again


@dataclass(frozen=True, slots=True)
class SetAside:
    """A message that was set aside; `reason` is empty where the broker itself gave it up."""

    headers: Mapping[str, str]
    body: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Topology:
    """Who gets what: `name` is this account's alone, `groups` are the event types that each group takes."""

    name: str
    groups: Mapping[str, frozenset[str]]


class Subscriber(Protocol):
    """One group's messages, one after the other."""

    def receive(self, timeout_s: float) -> Arrival | None:
        """The next message, or None where none came in time; raises TransportLost."""
        ...

    def finish(self, arrival: Arrival) -> None:
        """It has been handled, durably: it does not come again. Raises TransportLost."""
        ...

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        """Keep it in this place, confirmed, and finish it; raises TransportLost."""
        ...

    def close(self) -> None:
        """Leave; what was received and not finished goes to the next subscriber."""
        ...


class Transport(Protocol):
    """A connection to a broker, used by one thread; after TransportLost the next call connects again."""

    def check(self) -> None:
        """Raise TransportLost where the broker cannot be reached."""
        ...

    def send(self, messages: Sequence[Message]) -> None:
        """Return when the broker has confirmed all of them, in order.

        Raises TransportLost or MessageRefused: whether it has any of them is not known then.
        """
        ...

    def subscribe(self, group: str) -> Subscriber:
        """Receive the messages of one of the topology's groups; raises TransportLost."""
        ...

    def aside(self, place: Aside) -> Sequence[SetAside]:
        """Look at what lies there, at most `ASIDE_SHOWN_MAX`; raises TransportLost."""
        ...

    def close(self) -> None:
        """Let go of the broker."""
        ...


ASIDE_SHOWN_MAX = 100
