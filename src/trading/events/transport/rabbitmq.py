"""RabbitMQ: one exchange, and one quorum queue with a single active consumer for every group."""

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from logging import CRITICAL, getLogger
from typing import Any, NamedTuple

from trading.events.transport.address import Address, library_missing
from trading.events.transport.port import (
    ASIDE_SHOWN_MAX,
    Arrival,
    Aside,
    Message,
    SetAside,
    Topology,
    TransportLost,
    TransportUnusable,
)
from trading.events.transport.rabbitmq_line import GOODBYE_PATIENCE_S, Line

PREFETCH = 1  # with more, a quorum queue puts back what a consumer leaves behind in another order
DELIVERY_LIMIT = 20  # redeliveries; the inbox gives up long before, this is for what never reaches it
HEARTBEAT_S = 60
REASON_HEADER = "set-aside-because"


class Receipt(NamedTuple):
    """A delivery, and the channel on which it can be acknowledged."""

    channel: Any
    tag: int


class RabbitTransport:
    """Connects when it is first used, and again after it was lost."""

    def __init__(self, address: Address, topology: Topology) -> None:
        try:
            import pika
        except ImportError as error:
            raise library_missing(address, "pika", "rabbitmq") from error
        getLogger("pika").setLevel(CRITICAL)  # what goes wrong is raised here, in one sentence
        self._address = address
        self._topology = topology
        try:
            self._parameters = pika.URLParameters(address.url)
        except (ValueError, TypeError) as error:
            raise TransportUnusable(f"{address.shown}: cannot be used as an address: {error}") from error
        if "heartbeat=" not in address.url:
            self._parameters.heartbeat = HEARTBEAT_S
        self._line: Line | None = None

    def check(self) -> None:
        """Connect, and declare the queues."""
        self.line()

    def send(self, messages: Sequence[Message]) -> None:
        """Publish all, then wait for the confirms."""
        line = self.line()
        for message in messages:
            line.publish(self._topology.name, message.event_type, message.headers, message.body, message.key)
        line.wait_for_confirms()

    def subscribe(self, group: str) -> "RabbitSubscriber":
        """Consume the group's queue; the broker gives it to one consumer at a time."""
        return RabbitSubscriber(self, f"{self._topology.name}.{group}")

    def aside(self, place: Aside) -> Sequence[SetAside]:
        """Take what lies there and give it back."""
        line, queue = self.line(), self._aside_queue(place)
        channel = line.open_channel()
        declared: list[Any] = []
        channel.queue_declare(queue, passive=True, callback=line.noting(declared.append))
        line.run_until(lambda: bool(declared), queue)
        wanted = min(declared[0].method.message_count, ASIDE_SHOWN_MAX)
        found: list[SetAside] = []

        def take(_channel: Any, _method: Any, properties: Any, body: bytes) -> None:
            headers = _texts(properties.headers)
            found.append(SetAside(headers, body, headers.pop(REASON_HEADER, "")))
            line.wake()

        if wanted:
            channel.basic_consume(queue, take)
            line.run_until(lambda: len(found) >= wanted, queue)
        channel.close()
        line.run_until(lambda: bool(channel.is_closed), queue)
        return found[:wanted]

    def close(self) -> None:
        """Say goodbye where there is somebody."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def line(self) -> "Line":
        """The present connection; a new one, with the topology declared, where there is none any more."""
        if self._line is None or self._line.is_lost:
            self.close()
            line = self._line = Line(self._parameters, self._address.shown)
            self._declare(line)
        return self._line

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        """Publish it there, confirmed."""
        line = self.line()
        headers = {**arrival.headers, REASON_HEADER: reason}
        line.publish("", self._aside_queue(place), headers, arrival.body, "")
        line.wait_for_confirms()

    def _aside_queue(self, place: Aside) -> str:
        return f"{self._topology.name}.{place}"

    def _declare(self, line: "Line") -> None:
        """The same by every process: a message is never sent before there are queues for all that take it."""
        name, channel, answers = self._topology.name, line.channel, []

        def count(answer: Any) -> None:
            answers.append(answer)

        answered = line.noting(count)
        channel.exchange_declare(name, exchange_type="direct", durable=True, callback=answered)
        asked = 1
        for place in Aside:
            quorum = {"x-queue-type": "quorum"}
            channel.queue_declare(self._aside_queue(place), durable=True, arguments=quorum, callback=answered)
            asked += 1
        for group, event_types in self._topology.groups.items():
            queue = f"{name}.{group}"
            arguments = {
                "x-queue-type": "quorum",
                "x-single-active-consumer": True,
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": self._aside_queue(Aside.DEAD),
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            }
            channel.queue_declare(queue, durable=True, arguments=arguments, callback=answered)
            for event_type in sorted(event_types):
                channel.queue_bind(queue, name, routing_key=event_type, callback=answered)
            asked += 1 + len(event_types)
        line.run_until(lambda: len(answers) == asked, "the queues")


class RabbitSubscriber:
    """One group's queue, on a channel of its own; what it was given belongs to that channel."""

    def __init__(self, transport: RabbitTransport, queue: str) -> None:
        self._transport = transport
        self._queue = queue
        self._line = transport.line()
        self._waiting: deque[Arrival] = deque()
        self._channel = channel = self._line.open_channel()
        begun: list[Any] = []
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.basic_consume(queue, self._take, callback=self._line.noting(begun.append))
        self._line.run_until(lambda: bool(begun), queue)

    def receive(self, timeout_s: float) -> Arrival | None:
        """The next message of the queue."""
        self._line.wait_until(lambda: bool(self._waiting), timeout_s)
        return self._waiting.popleft() if self._waiting else None

    def finish(self, arrival: Arrival) -> None:
        """Acknowledge it."""
        receipt = arrival.receipt
        if self._line.is_lost or not isinstance(receipt, Receipt) or not receipt.channel.is_open:
            raise TransportLost(f"{self._queue}: the connection on which the message came is gone")
        with self._line.working():
            receipt.channel.basic_ack(receipt.tag)

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        """Publish it there, then acknowledge it."""
        self._transport.set_aside(arrival, place, reason)
        self.finish(arrival)

    def close(self) -> None:
        """What was given and not acknowledged goes back to the queue, in its place."""
        if not self._line.is_lost and self._channel.is_open:
            self._channel.close()
            with suppress(TransportLost):
                self._line.wait_until(lambda: self._channel.is_closed, GOODBYE_PATIENCE_S)

    def _take(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        headers = _texts(properties.headers)
        self._waiting.append(
            Arrival(headers, body, method.redelivered, Receipt(channel, method.delivery_tag))
        )
        self._line.wake()


def _texts(headers: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: value for name, value in (headers or {}).items() if isinstance(value, str)}
