"""The transport to the broker of an address; its library is imported when it is wanted."""

from trading.events.transport.address import VARIABLE, Address, Carrier
from trading.events.transport.port import Topology, Transport, TransportUnusable


def open_transport(address: Address, topology: Topology) -> Transport:
    """A transport to the broker of this address; the first call connects.

    Raises TransportUnusable where its library is not installed, and for `memory`, which lies in one process.
    """
    if address.carrier is Carrier.RABBITMQ:
        from trading.events.transport.rabbitmq import RabbitTransport

        return RabbitTransport(address, topology)
    if address.carrier is Carrier.KAFKA:
        from trading.events.transport.kafka import KafkaTransport

        return KafkaTransport(address, topology)
    raise TransportUnusable(
        f"{VARIABLE} is memory: its events stay in the process that trades; to let other processes handle "
        "them, name a broker, amqp://HOST or kafka://HOST:PORT"
    )
