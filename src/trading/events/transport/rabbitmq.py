"""RabbitMQ: one exchange, and one quorum queue with a single active consumer for every group.

The connection is driven by its own loop, and only within calls: everything that was published is confirmed in
one wait, rather than each message in its own.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from logging import CRITICAL, getLogger
from time import monotonic
from typing import Any, NamedTuple

from trading.events.transport.address import Address, library_missing
from trading.events.transport.port import (
    ASIDE_SHOWN_MAX,
    Arrival,
    Aside,
    Message,
    MessageRefused,
    SetAside,
    Topology,
    TransportLost,
    TransportUnusable,
)

ANSWER_PATIENCE_S = 15.0
GOODBYE_PATIENCE_S = 2.0
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


class Line:
    """A connection that is open, and a channel on which everything published is confirmed."""

    def __init__(self, parameters: Any, shown: str) -> None:
        import pika

        self._shown = shown
        self._why_lost = ""
        self._is_over = False
        self._unconfirmed: set[int] = set()
        self._published = 0
        self._refused: list[str] = []
        self._returned: list[str] = []
        opened: list[Any] = []
        self._properties = pika.BasicProperties
        self._closed_by_us = pika.exceptions.ChannelClosedByClient
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self.noting(opened.append),
            on_open_error_callback=self._lose,
            on_close_callback=self._lose,
        )
        try:
            self.run_until(lambda: bool(opened), "connecting")
            self.channel = self.open_channel()
            confirming: list[Any] = []
            self.channel.confirm_delivery(self._confirm, callback=self.noting(confirming.append))
            self.channel.add_on_return_callback(self._take_back)
            self.run_until(lambda: bool(confirming), "confirms")
        except TransportLost:
            self.close()
            raise

    @property
    def is_lost(self) -> bool:
        """Whether it is of no use any more."""
        return bool(self._why_lost)

    def noting(self, note: Callable[[Any], None]) -> Callable[[Any], None]:
        """A callback for the library: notes what it is given and lets the present wait look again."""

        def noted(answer: Any) -> None:
            note(answer)
            self.wake()

        return noted

    def wake(self) -> None:
        """Let the present wait look again."""
        self._connection.ioloop.stop()

    def open_channel(self) -> Any:
        """A channel; where the broker closes one of itself, the whole line counts as lost."""
        opened: list[Any] = []
        self._connection.channel(on_open_callback=self.noting(opened.append))
        self.run_until(lambda: bool(opened), "a channel")
        opened[0].add_on_close_callback(self._channel_closed)
        opened[0].add_on_cancel_callback(lambda _: self._lose(None, "the queue was deleted"))
        return opened[0]

    def publish(
        self, exchange: str, routing_key: str, headers: Mapping[str, str], body: bytes, key: str
    ) -> None:
        """Hand a message to the connection; `wait_for_confirms` says whether the broker has it."""
        if self.is_lost:
            raise self._lost_while("publishing")
        properties = self._properties(
            content_type=headers.get("content-type"),
            delivery_mode=2,
            correlation_id=key or None,
            message_id=headers.get("event-id"),
            type=headers.get("event-type"),
            headers=dict(headers),
        )
        self._published += 1
        self._unconfirmed.add(self._published)
        self.channel.basic_publish(exchange, routing_key, body, properties, mandatory=True)

    def wait_for_confirms(self) -> None:
        """Return when the broker has confirmed all that was published; raises TransportLost."""
        try:
            self.run_until(lambda: not self._unconfirmed, "confirms")
        except TransportLost:
            self.close()  # confirms that come later must not count for later messages
            raise
        if self._refused:
            refused, self._refused = ", ".join(self._refused), []
            raise TransportLost(f"{self._shown}: not confirmed: {refused}")
        if self._returned:
            returned, self._returned = ", ".join(self._returned), []
            raise MessageRefused(f"{self._shown}: no queue takes {returned}")

    def run_until(self, done: Callable[[], bool], what: str) -> None:
        """Let the connection work until this holds; raises TransportLost where it does not come to that."""
        if not self.wait_until(done, ANSWER_PATIENCE_S):
            self._why_lost = f"no answer within {ANSWER_PATIENCE_S:.0f} s"
            raise self._lost_while(what)

    def wait_until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """The same with a time-out of one's own; False where that came first."""
        loop, until = self._connection.ioloop, monotonic() + timeout_s
        while not done():
            if self.is_lost:
                raise self._lost_while("waiting")
            left = until - monotonic()
            if left <= 0:
                return False
            timer = loop.call_later(left, loop.stop)
            loop.start()
            loop.remove_timeout(timer)
        return True

    def close(self) -> None:
        """Say goodbye, but wait for no answer for long."""
        if self._is_over:
            return
        if self._connection.is_open and not self.is_lost:
            self._connection.close()
            with suppress(TransportLost):
                self.wait_until(lambda: self._connection.is_closed, GOODBYE_PATIENCE_S)
        if not self._connection.is_closed and (stream := self._connection._transport) is not None:
            stream.abort()  # the library has no public way to hang up on somebody who does not answer
        self._is_over, self._why_lost = True, self._why_lost or "closed"
        self._connection.ioloop.close()

    def _lost_while(self, what: str) -> TransportLost:
        return TransportLost(f"{self._shown}: lost while {what}: {self._why_lost}")

    def _lose(self, _connection: Any, why: object) -> None:
        self._why_lost = str(why) or type(why).__name__
        self.wake()

    def _channel_closed(self, _channel: Any, why: Any) -> None:
        if not isinstance(why, self._closed_by_us):
            self._lose(None, why)
        self.wake()

    def _confirm(self, frame: Any) -> None:
        method = frame.method
        tag, every = method.delivery_tag, method.multiple
        settled = {one for one in self._unconfirmed if one <= tag} if every else {tag}
        if method.NAME == "Basic.Nack":
            self._refused.extend(f"message {one}" for one in sorted(settled))
        self._unconfirmed -= settled
        self.wake()

    def _take_back(self, _channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        self._returned.append(method.routing_key)


def _texts(headers: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: value for name, value in (headers or {}).items() if isinstance(value, str)}
