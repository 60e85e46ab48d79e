"""A broker in this process: what the others promise, without a network. It ends with the process."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from trading.events.transport.port import (
    ASIDE_SHOWN_MAX,
    Arrival,
    Aside,
    Message,
    MessageRefused,
    SetAside,
    Topology,
    TransportLost,
)

QUEUE_LENGTH_MAX = 100_000


@dataclass(slots=True)
class _Queued:
    message: Message
    given: int = 0


class MemoryBroker:
    """The queues; several transports of one process may be connected to it."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.queues: dict[str, deque[_Queued]] = {group: deque() for group in topology.groups}
        self.asides: dict[Aside, list[SetAside]] = {place: [] for place in Aside}
        self.active: dict[str, MemorySubscriber] = {}


class MemoryTransport:
    """A connection to such a broker."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def check(self) -> None:
        """It is here."""

    def send(self, messages: Sequence[Message]) -> None:
        """Put each into the queue of every group that takes its type."""
        for message in messages:
            takers = [
                group for group, types in self._broker.topology.groups.items() if message.event_type in types
            ]
            if not takers:
                raise MessageRefused(f"{message.event_type}: no group takes it")
            for group in takers:
                queue = self._broker.queues[group]
                if len(queue) >= QUEUE_LENGTH_MAX:
                    raise TransportLost(f"{group}: {QUEUE_LENGTH_MAX} messages wait, it takes no more")
                queue.append(_Queued(message))

    def subscribe(self, group: str) -> "MemorySubscriber":
        """The first subscriber of a group gets its messages; another one as soon as that has left."""
        return MemorySubscriber(self._broker, group)

    def aside(self, place: Aside) -> Sequence[SetAside]:
        """The oldest that lie there."""
        return self._broker.asides[place][:ASIDE_SHOWN_MAX]

    def close(self) -> None:
        """There is no connection."""


class MemorySubscriber:
    """One group's messages."""

    def __init__(self, broker: MemoryBroker, group: str) -> None:
        self._broker = broker
        self._group = group
        self._queue = broker.queues[group]
        self._given: _Queued | None = None

    def receive(self, timeout_s: float) -> Arrival | None:
        """The next message; nothing can come while this one waits, so it does not wait."""
        if self._broker.active.setdefault(self._group, self) is not self or not self._queue:
            return None
        self._given = given = self._queue[0]
        given.given += 1
        message = given.message
        return Arrival(message.headers, message.body, given.given > 1, given)

    def finish(self, arrival: Arrival) -> None:
        """Take it out of the queue."""
        if self._given is None or arrival.receipt is not self._given:
            raise TransportLost("the message is not this subscriber's any more")
        self._queue.popleft()
        self._given = None

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        """Move it there."""
        self._broker.asides[place].append(SetAside(arrival.headers, arrival.body, reason))
        self.finish(arrival)

    def close(self) -> None:
        """Let another subscriber of the group have its turn."""
        if self._broker.active.get(self._group) is self:
            del self._broker.active[self._group]
