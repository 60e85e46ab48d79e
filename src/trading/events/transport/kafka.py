"""Kafka: one topic with the workflow as key, and a consumer group for every group of handlers.

Partitions are assigned, not subscribed to: who handles for a group holds its claim on the journal, so nobody
has to be waited for. Offsets are committed by hand, after the inbox.
"""

from collections.abc import Sequence
from typing import Any

from trading.events.transport.address import KAFKA_PORT, Address, library_missing
from trading.events.transport.cloud_event import BODY_BYTES_MAX, TYPE_HEADER
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

PARTITIONS = 4
ANSWER_PATIENCE_S = 15.0
POLL_S = 0.1
REASON_HEADER = "set-aside-because"
SILENT = 2  # syslog's "critical": what goes wrong is raised, not printed by the library


class KafkaTransport:
    """An idempotent producer, and what is needed to make consumers."""

    def __init__(self, address: Address, topology: Topology) -> None:
        try:
            import confluent_kafka
        except ImportError as error:
            raise library_missing(address, "confluent-kafka", "kafka") from error
        self.library: Any = confluent_kafka
        self.shown = address.shown
        self.topology = topology
        hosts = address.url.removeprefix("kafka://").rstrip("/").split(",")
        servers = ",".join(host if ":" in host else f"{host}:{KAFKA_PORT}" for host in hosts)
        self._common = {
            "bootstrap.servers": servers,
            "log_level": SILENT,
            "message.max.bytes": 2 * BODY_BYTES_MAX,
        }
        self._producer: Any = None
        self._topics: set[str] = set()

    def check(self) -> None:
        """Ask for the topic, and make it where it is not there."""
        self.partitions(self.topology.name)

    def send(self, messages: Sequence[Message]) -> None:
        """Produce all, then wait until each is acknowledged by every replica in sync."""
        for message in messages:
            self._produce(self.topology.name, message.key, message.headers, message.body)
        self._flush(len(messages))

    def subscribe(self, group: str) -> "KafkaSubscriber":
        """From the first message that the group has not finished."""
        return KafkaSubscriber(self, group)

    def aside(self, place: Aside) -> Sequence[SetAside]:
        """Read that topic from its beginning."""
        topic = self._aside_topic(place)
        consumer = self.consumer("look")
        found: list[SetAside] = []
        try:
            ends = {
                number: consumer.get_watermark_offsets(self._at(topic, number), timeout=ANSWER_PATIENCE_S)
                for number in self.partitions(topic)
            }
            wanted = min(sum(high - low for low, high in ends.values()), ASIDE_SHOWN_MAX)
            consumer.assign([self._at(topic, number, low) for number, (low, _) in ends.items()])
            while len(found) < wanted:
                message = self.polled(consumer, ANSWER_PATIENCE_S)
                if message is None:
                    raise TransportLost(f"{self.shown}: {topic} does not answer")
                headers = texts(message.headers())
                found.append(SetAside(headers, message.value() or b"", headers.pop(REASON_HEADER, "")))
        except self.library.KafkaException as error:
            raise self.lost(error) from error
        finally:
            consumer.close()
        return found

    def close(self) -> None:
        """What is not confirmed is dropped here; it is in the outbox."""
        if self._producer is not None:
            self._producer.purge()
            self._producer.flush(POLL_S)
            self._producer = None

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        """Produce it there, acknowledged."""
        headers = {**arrival.headers, REASON_HEADER: reason}
        self._produce(self._aside_topic(place), place, headers, arrival.body)
        self._flush(1)

    def consumer(self, group: str) -> Any:
        """A consumer that commits nothing by itself, and sees no transaction that is not committed."""
        return self.library.Consumer(
            {
                **self._common,
                "group.id": f"{self.topology.name}.{group}",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 50,
            }
        )

    def partitions(self, topic: str) -> Sequence[int]:
        """The numbers of a topic's partitions; it is made where there is none."""
        producer = self._connected()
        try:
            known = producer.list_topics(topic, timeout=ANSWER_PATIENCE_S).topics[topic]
            if known.error is not None:
                self._make_topic(topic)
                known = producer.list_topics(topic, timeout=ANSWER_PATIENCE_S).topics[topic]
        except self.library.KafkaException as error:
            raise self.lost(error) from error
        if known.error is not None:
            raise TransportLost(f"{self.shown}: topic {topic}: {known.error}")
        return sorted(known.partitions)

    def polled(self, consumer: Any, timeout_s: float) -> Any:
        """A message, or None where none came in time; raises TransportLost for an error."""
        message = consumer.poll(timeout_s)
        if message is None or message.error() is None:
            return message
        error = message.error()
        if error.fatal() or error.code() == self.library.KafkaError._ALL_BROKERS_DOWN:
            raise TransportLost(f"{self.shown}: {error.str()}")
        return None  # the library tries again by itself

    def lost(self, error: Exception) -> TransportLost:
        """The library's error as this port's."""
        return TransportLost(f"{self.shown}: {error.args[0].str() if error.args else error}")

    def at(self, number: int, offset: int | None = None) -> Any:
        """A place in the events' topic."""
        return self._at(self.topology.name, number, offset)

    def _at(self, topic: str, number: int, offset: int | None = None) -> Any:
        place = self.library.TopicPartition
        return place(topic, number) if offset is None else place(topic, number, offset)

    def _aside_topic(self, place: Aside) -> str:
        return f"{self.topology.name}.{place}"

    def _connected(self) -> Any:
        if self._producer is None:
            self._failures: list[Any] = []
            self._confirmed = 0
            self._topics.clear()
            self._producer = self.library.Producer(
                {
                    **self._common,
                    "enable.idempotence": True,
                    "acks": "all",
                    "linger.ms": 0,
                    "delivery.timeout.ms": int(ANSWER_PATIENCE_S * 1000),
                }
            )
        return self._producer

    def _produce(self, topic: str, key: str, headers: Any, body: bytes) -> None:
        producer = self._connected()
        if topic not in self._topics:
            self.partitions(topic)
            self._topics.add(topic)
        try:
            producer.produce(
                topic,
                key=key or None,
                value=body,
                headers=list(headers.items()),
                on_delivery=self._note,
            )
        except self.library.KafkaException as error:
            self.close()
            if error.args[0].code() == self.library.KafkaError.MSG_SIZE_TOO_LARGE:
                raise MessageRefused(f"{self.shown}: {len(body)} bytes are too many") from error
            raise self.lost(error) from error
        except BufferError as error:
            self.close()
            raise TransportLost(f"{self.shown}: {error}") from error

    def _note(self, error: Any, _message: Any) -> None:
        if error is None:
            self._confirmed += 1
        else:
            self._failures.append(error)

    def _flush(self, expected: int) -> None:
        """Return when so many messages are acknowledged; else this producer is given up, with its rest."""
        self._connected().flush(ANSWER_PATIENCE_S)
        confirmed, failures = self._confirmed, self._failures
        self._confirmed, self._failures = 0, []
        if failures or confirmed < expected:
            self.close()
            if any(one.code() == self.library.KafkaError.MSG_SIZE_TOO_LARGE for one in failures):
                raise MessageRefused(f"{self.shown}: a message is larger than the broker takes")
            why = failures[0].str() if failures else f"no answer within {ANSWER_PATIENCE_S:.0f} s"
            raise TransportLost(f"{self.shown}: {expected - confirmed} of {expected} not confirmed: {why}")

    def _make_topic(self, topic: str) -> None:
        from confluent_kafka.admin import AdminClient, NewTopic

        made = AdminClient(self._common).create_topics([NewTopic(topic, PARTITIONS)])
        for name, future in made.items():
            try:
                future.result(ANSWER_PATIENCE_S)
            except self.library.KafkaException as error:
                if error.args[0].code() != self.library.KafkaError.TOPIC_ALREADY_EXISTS:
                    raise TransportLost(f"{self.shown}: topic {name}: {error.args[0].str()}") from error


class KafkaSubscriber:
    """One group's place in every partition of the topic."""

    def __init__(self, transport: KafkaTransport, group: str) -> None:
        self._transport = transport
        self._types = transport.topology.groups[group]
        self._consumer = transport.consumer(group)
        try:
            asked = [transport.at(number) for number in transport.partitions(transport.topology.name)]
            places = self._consumer.committed(asked, timeout=ANSWER_PATIENCE_S)
            self._consumer.assign([one if one.offset >= 0 else self._beginning(one) for one in places])
        except transport.library.KafkaException as error:
            self._consumer.close()
            raise transport.lost(error) from error
        # Only the message after the committed one can have been given to somebody: one is given at a time.
        self._may_be_repeats = {one.partition for one in places}

    def receive(self, timeout_s: float) -> Arrival | None:
        """The next message of a type that the group takes."""
        message = self._transport.polled(self._consumer, timeout_s)
        if message is None:
            return None
        headers = texts(message.headers())
        if headers.get(TYPE_HEADER, "") in self._foreign(headers):
            return None
        redelivered = message.partition() in self._may_be_repeats
        self._may_be_repeats.discard(message.partition())
        return Arrival(headers, message.value() or b"", redelivered, message)

    def finish(self, arrival: Arrival) -> None:
        """Commit the place behind it."""
        message: Any = arrival.receipt
        try:
            self._consumer.commit(message=message, asynchronous=False)
        except self._transport.library.KafkaException as error:
            raise self._transport.lost(error) from error

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        """Produce it there, then commit."""
        self._transport.set_aside(arrival, place, reason)
        self.finish(arrival)

    def close(self) -> None:
        """Nothing is committed by that."""
        self._consumer.close()

    def _beginning(self, place: Any) -> Any:
        """Asked for now: left to the first fetch, it costs half a second."""
        first, _ = self._consumer.get_watermark_offsets(place, timeout=ANSWER_PATIENCE_S)
        return self._transport.at(place.partition, first)

    def _foreign(self, headers: Any) -> frozenset[str]:
        """The types that other groups take, and this one does not."""
        groups = self._transport.topology.groups.values()
        return frozenset().union(*groups) - self._types


def texts(headers: Any) -> dict[str, str]:
    """Headers that are texts; anybody may have written them."""
    found = {}
    for name, value in headers or ():
        try:
            found[name] = value.decode() if isinstance(value, bytes) else str(value or "")
        except UnicodeDecodeError:
            continue
    return found
