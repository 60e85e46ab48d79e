"""`TRADING_BUS`: what carries the events, and where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from trading.events.transport.port import TransportUnusable

VARIABLE = "TRADING_BUS"
ALLOWED = "allowed: memory, amqp://HOST, amqps://HOST, kafka://HOST:PORT"
AMQP_PORT = 5672
KAFKA_PORT = 9092


class Carrier(StrEnum):
    """What carries the events."""

    MEMORY = "memory"  # the bus of the process that trades
    RABBITMQ = "rabbitmq"
    KAFKA = "kafka"


SCHEMES = {"amqp": Carrier.RABBITMQ, "amqps": Carrier.RABBITMQ, "kafka": Carrier.KAFKA}


@dataclass(frozen=True, slots=True)
class Address:
    """A carrier and its URL; `shown` is the URL without user and password."""

    carrier: Carrier
    url: str
    shown: str


IN_MEMORY = Address(Carrier.MEMORY, "memory", "memory")


def read_address(environment: Mapping[str, str]) -> Address:
    """What TRADING_BUS says, memory where it says nothing; raises TransportUnusable."""
    text = environment.get(VARIABLE, "").strip()
    if text in ("", Carrier.MEMORY.value):
        return IN_MEMORY
    try:
        parts = urlsplit(text)
        scheme, hosts = parts.scheme, parts.netloc.rpartition("@")[2]
        _ = parts.port if "," not in hosts else None
    except ValueError as error:
        raise TransportUnusable(f"{VARIABLE}: cannot be read as a URL: {error}; {ALLOWED}") from None
    if scheme not in SCHEMES:
        raise TransportUnusable(f"{VARIABLE}: was {_without_password(text)!r}, {ALLOWED}")
    if not hosts:
        raise TransportUnusable(f"{VARIABLE}: {scheme}:// names no host, {ALLOWED}")
    return Address(SCHEMES[scheme], text, f"{scheme}://{hosts}{parts.path.rstrip('/')}")


def library_missing(address: Address, package: str, extra: str) -> TransportUnusable:
    """The sentence that names the extra."""
    return TransportUnusable(
        f"{VARIABLE}={address.shown}: needs {package}, which is not installed: "
        f"pip install 'changeover[{extra}]'"
    )


def _without_password(text: str) -> str:
    head, at, rest = text.rpartition("@")
    return f"{head.partition('//')[0]}//{at and '...@'}{rest}" if at and "//" in head else text
