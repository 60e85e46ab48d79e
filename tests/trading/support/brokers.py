"""Brokers for tests: in memory, RabbitMQ behind a proxy that can be cut, librdkafka's mock in a process."""

import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Protocol
from uuid import uuid4

import pytest

from trading.events.transport.address import read_address
from trading.events.transport.memory import MemoryBroker, MemorySubscriber, MemoryTransport
from trading.events.transport.opening import open_transport
from trading.events.transport.port import Aside, Message, SetAside, Topology, Transport, TransportLost

AMQP = os.environ.get("TRADING_TEST_AMQP", "amqp://guest:guest@127.0.0.1:5672")
PIECE = 64 * 1024


class Site(Protocol):
    """A broker of a test's own."""

    def connect(self) -> Transport:
        """A transport to it."""
        ...

    def stop(self) -> None:
        """From now on it does not answer, and nothing sent reaches it."""
        ...

    def start(self) -> None:
        """It is there again, with what it had."""
        ...


class MemorySite:
    """A broker in this process that can be told not to answer."""

    def __init__(self, topology: Topology) -> None:
        self.broker = MemoryBroker(topology)
        self.is_down = False

    def connect(self) -> Transport:
        return _CutOff(self)

    def stop(self) -> None:
        self.is_down = True

    def start(self) -> None:
        self.is_down = False
        self.broker.active.clear()


class _CutOff(MemoryTransport):
    def __init__(self, site: MemorySite) -> None:
        super().__init__(site.broker)
        self._site = site

    def _look(self) -> None:
        if self._site.is_down:
            raise TransportLost("the broker does not answer")

    def send(self, messages: Sequence[Message]) -> None:
        self._look()
        super().send(messages)

    def subscribe(self, group: str) -> MemorySubscriber:
        self._look()
        return super().subscribe(group)

    def aside(self, place: Aside) -> Sequence[SetAside]:
        self._look()
        return super().aside(place)


class Proxy:
    """Passes bytes on to a server; stopped, it swallows what it is given, and then hangs up."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._swallows = self._over = False
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def swallow(self, swallows: bool) -> None:
        """Whether bytes get lost on the way."""
        self._swallows = swallows

    def hang_up(self) -> None:
        """End every connection."""
        self._wake.send(b"h")

    def close(self) -> None:
        self._over = True
        self._wake.send(b"c")
        self._thread.join()
        for one in (self._listener, self._wake, self._woken):
            one.close()

    def _work(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            ready.register(self._woken, selectors.EVENT_READ)
            while not self._over:
                for key, _ in ready.select():
                    self._serve(ready, key.fileobj)
            self._end_all(ready)

    def _serve(self, ready: selectors.BaseSelector, at: object) -> None:
        if at is self._woken:
            self._woken.recv(1)
            self._end_all(ready)
        elif at is self._listener:
            self._accept(ready)
        elif isinstance(at, socket.socket) and at in self._pairs:
            try:
                piece = at.recv(PIECE)
                if piece and not self._swallows:
                    self._pairs[at].sendall(piece)
            except OSError:
                piece = b""
            if not piece:
                self._end(ready, at)

    def _accept(self, ready: selectors.BaseSelector) -> None:
        here, _ = self._listener.accept()
        if self._swallows:
            here.close()
            return
        there = socket.create_connection(self._target)
        self._pairs |= {here: there, there: here}
        for one in (here, there):
            ready.register(one, selectors.EVENT_READ)

    def _end(self, ready: selectors.BaseSelector, one: socket.socket) -> None:
        for end in (one, self._pairs[one]):
            ready.unregister(end)
            del self._pairs[end]
            end.close()

    def _end_all(self, ready: selectors.BaseSelector) -> None:
        while self._pairs:
            self._end(ready, next(iter(self._pairs)))


class RabbitSite:
    """The RabbitMQ of this machine, reached through a proxy."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        address = read_address({"TRADING_BUS": AMQP})
        user, host, port = amqp_parts()
        self._proxy = Proxy(host, port)
        self.address = read_address(
            {"TRADING_BUS": f"{address.url.partition('://')[0]}://{user}127.0.0.1:{self._proxy.port}"}
        )

    def connect(self) -> Transport:
        return open_transport(self.address, self.topology)

    def stop(self) -> None:
        self._proxy.swallow(True)
        self._proxy.hang_up()

    def swallow(self) -> None:
        """What is sent from now on gets lost, and nobody is told."""
        self._proxy.swallow(True)

    def start(self) -> None:
        self._proxy.hang_up()
        self._proxy.swallow(False)

    def close(self) -> None:
        self._proxy.close()
        remove_queues(self.topology)


def amqp_parts() -> tuple[str, str, int]:
    """User and password with their `@`, host and port of the server that tests use."""
    place = AMQP.partition("://")[2].partition("/")[0]
    user, at, hosts = place.rpartition("@")
    host, _, port = hosts.partition(":")
    return user + at, host, int(port or 5672)


def remove_queues(topology: Topology) -> None:
    """Leave nothing on the server."""
    import pika

    with pika.BlockingConnection(pika.URLParameters(AMQP)) as connection:
        channel = connection.channel()
        for queue in (*topology.groups, *Aside):
            channel.queue_delete(f"{topology.name}.{queue}")
        channel.exchange_delete(topology.name)


@cache
def why_no_rabbitmq() -> str:
    """Empty where the server answers; else the sentence that a skipped test shows."""
    _, host, port = amqp_parts()
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError as error:
        return (
            f"no RabbitMQ answers at {host}:{port} ({error}): install rabbitmq-server and start it, "
            "or name one in TRADING_TEST_AMQP"
        )
    return ""


SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
NODE_PATIENCE_S = 60.0


class RabbitNode:
    """A RabbitMQ of a test's own, which may be killed and keeps what it had."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._port, distribution = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}"
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"{fresh_name()}@localhost",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        (folder / "plugins").write_text("[].")
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.local = 127.0.0.1:{self._port}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it takes connections."""
        if not SERVER.exists():
            raise SystemExit(f"{SERVER} is not there: install rabbitmq-server")
        self._process = subprocess.Popen(
            [str(SERVER)],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        patience = monotonic() + NODE_PATIENCE_S
        while not _answers(self._port):
            assert monotonic() < patience, f"no answer; see {self._folder / 'log'}"
            sleep(0.1)

    def kill(self) -> None:
        """SIGKILL to all of it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            patience = monotonic() + NODE_PATIENCE_S
            while _answers(self._port):
                assert monotonic() < patience, "the node outlived its SIGKILL"
                sleep(0.05)

    def close(self) -> None:
        self.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


MOCK = """
import sys
from confluent_kafka import Producer
holder = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 2})
(broker,) = holder.list_topics(timeout=10).brokers.values()
print(f"{broker.host}:{broker.port}", flush=True)
sys.stdin.read()
"""


class KafkaMock:
    """librdkafka's mock cluster in a process of its own, which can be stopped and continued.

    The cluster belongs to one client of that process. Its brokers listen on ordinary ports, which the
    client's own metadata name; clients of other processes reach it there.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", MOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"kafka://{self._process.stdout.readline().strip()}"

    def answer(self, answers: bool) -> None:
        """Whether it does, from now on; what it has it keeps."""
        if answers:
            self._process.send_signal(signal.SIGCONT)
        else:
            self._process.send_signal(signal.SIGSTOP)
            os.waitpid(self._process.pid, os.WUNTRACED)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class KafkaSite:
    """A topic of its own on such a cluster."""

    def __init__(self, mock: KafkaMock, topology: Topology) -> None:
        self.topology = topology
        self._mock = mock
        self.address = read_address({"TRADING_BUS": mock.url})

    def connect(self) -> Transport:
        return open_transport(self.address, self.topology)

    def stop(self) -> None:
        self._mock.answer(False)

    def start(self) -> None:
        self._mock.answer(True)


@contextmanager
def rabbit_site(topology: Topology) -> Iterator[RabbitSite]:
    """RabbitMQ, or a skipped test that says why."""
    if why := why_no_rabbitmq():
        pytest.skip(why)
    site = RabbitSite(topology)
    try:
        yield site
    finally:
        site.close()


@contextmanager
def kafka_mock() -> Iterator[KafkaMock]:
    """Kafka's mock, or a skipped test that says why."""
    pytest.importorskip("confluent_kafka", reason="pip install 'changeover[kafka]'")
    mock = KafkaMock()
    try:
        yield mock
    finally:
        mock.close()


def fresh_name() -> str:
    """A name that no other test uses."""
    return f"test-{uuid4().hex[:12]}"
