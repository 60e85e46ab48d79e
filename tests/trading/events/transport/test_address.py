import sys

import pytest

from trading.events.transport.address import IN_MEMORY, Carrier, read_address
from trading.events.transport.opening import open_transport
from trading.events.transport.port import Topology, TransportUnusable

NOBODY = Topology("t", {})


@pytest.mark.parametrize("text", ["", " ", "memory"])
def test_memory_is_what_nothing_says(text: str) -> None:
    assert read_address({"TRADING_BUS": text}) == read_address({}) == IN_MEMORY


@pytest.mark.parametrize(
    ("url", "carrier", "shown"),
    [
        ("amqp://me:secret@host:5673/v", Carrier.RABBITMQ, "amqp://host:5673/v"),
        ("amqps://host", Carrier.RABBITMQ, "amqps://host"),
        ("kafka://one:9092,two:9092", Carrier.KAFKA, "kafka://one:9092,two:9092"),
    ],
)
def test_a_broker_is_shown_without_its_password(url: str, carrier: Carrier, shown: str) -> None:
    address = read_address({"TRADING_BUS": url})
    assert (address.carrier, address.url, address.shown) == (carrier, url, shown)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("redis://x", "TRADING_BUS: was 'redis://x', allowed: memory, amqp://HOST, amqps://HOST, kafka://"),
        ("rabbit", "TRADING_BUS: was 'rabbit', allowed: memory"),
        ("http://me:secret@x", "TRADING_BUS: was 'http://...@x', allowed: memory"),
        ("amqp://", "TRADING_BUS: amqp:// names no host, allowed: memory"),
        ("amqp://x:port", "TRADING_BUS: cannot be read as a URL: "),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed_and_without_a_password(
    text: str, refusal: str
) -> None:
    with pytest.raises(TransportUnusable) as refused:
        read_address({"TRADING_BUS": text})
    assert str(refused.value).startswith(refusal)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "module", "package", "extra"),
    [
        ("amqp://me:secret@x", "pika", "pika", "rabbitmq"),
        ("kafka://x:1", "confluent_kafka", "confluent-kafka", "kafka"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    url: str, module: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    address = read_address({"TRADING_BUS": url})
    with pytest.raises(TransportUnusable) as refused:
        open_transport(address, NOBODY)
    assert str(refused.value) == (
        f"TRADING_BUS={address.shown}: needs {package}, which is not installed: pip install "
        f"'changeover[{extra}]'"
    )


def test_the_events_of_memory_do_not_leave_the_process() -> None:
    with pytest.raises(TransportUnusable, match="TRADING_BUS is memory: its events stay in the process"):
        open_transport(IN_MEMORY, NOBODY)
