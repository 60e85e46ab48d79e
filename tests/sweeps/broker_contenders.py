"""What `python -m tests.sweeps broker-load` compares; each is imported when it is wanted."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trading.clock import SystemClock
from trading.events.journal.records import Outgoing
from trading.events.journal.shared import Share, SharedJournal
from trading.events.messages.signals import SignalsRequested
from trading.events.relay.consumer import Consumer
from trading.events.relay.handler_bus import HandlerBus
from trading.events.relay.outbox import OutboxRelay
from trading.events.transport.address import read_address
from trading.events.transport.opening import open_transport
from trading.events.transport.port import Message, Topology, Transport
from trading.ids import RandomIds

BATCH = 100
QUORUM = {"x-queue-type": "quorum", "x-single-active-consumer": True}
Handle = Callable[[str], bool]


class Contender(ABC):
    """One queue, and the two sides of it; `consume` returns after the message for which `handle` is True."""

    package = ""

    def __init__(self, url: str, queue: str, folder: Path) -> None:
        self.url = url
        self.queue = queue
        self.folder = folder

    @classmethod
    def missing(cls) -> str:
        """What is not installed."""
        return "" if not cls.package or find_spec(cls.package) else f"{cls.package} is not installed"

    def declare(self) -> None:
        import pika

        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            connection.channel().queue_declare(self.queue, durable=True, arguments=QUORUM)

    @abstractmethod
    def publish(self, bodies: Sequence[str]) -> None:
        """Send these, and return when the broker has them."""

    def publish_many(self, number: int, body: Callable[[], str]) -> None:
        for _ in range(number // BATCH):
            self.publish([body() for _ in range(BATCH)])

    @abstractmethod
    def consume(self, handle: Handle, ready: Callable[[], None]) -> None:
        """Hand over what arrives; `ready` is told when it begins."""


class Ours(Contender):
    """The transport alone."""

    def __init__(self, url: str, queue: str, folder: Path) -> None:
        super().__init__(url, queue, folder)
        self._topology = Topology(queue, {"one": frozenset({"SignalsRequested"})})
        self._transport: Transport | None = None

    @property
    def transport(self) -> Transport:
        if self._transport is None:
            self._transport = open_transport(read_address({"TRADING_BUS": self.url}), self._topology)
        return self._transport

    def declare(self) -> None:
        self.transport.subscribe("one").close()
        self.transport.close()

    def publish(self, bodies: Sequence[str]) -> None:
        headers = {"event-type": "SignalsRequested"}
        self.transport.send(
            [Message("e", "SignalsRequested", "run", headers, body.encode()) for body in bodies]
        )

    def consume(self, handle: Handle, ready: Callable[[], None]) -> None:
        subscriber = self.transport.subscribe("one")
        ready()
        over = False
        while not over:
            if (arrival := subscriber.receive(1.0)) is not None:
                over = handle(arrival.body.decode())
                subscriber.finish(arrival)
        self.transport.close()


class OursWithJournals(Ours):
    """An outbox before it and an inbox behind it, in journals that survive a loss of power: one a side."""

    sender = "sender.db"
    receiver = "receiver.db"
    handlers: tuple[str, ...] = ()
    takes_strangers = True

    def publish(self, bodies: Sequence[str]) -> None:
        clock, ids = SystemClock(), RandomIds()
        if not hasattr(self, "_journal"):
            self._journal = SharedJournal(self.folder / self.sender, Share(("run",)))
            self._relay = OutboxRelay(self._journal, self.transport)
        for body in bodies:
            event = SignalsRequested(
                event_id=ids.new("event"),
                correlation_id="run",
                causation_id=None,
                timestamp=clock.now(),
                source_module="load",
                source_component="load",
                as_of=clock.now().date(),
                metadata={"body": body},
            )
            self._journal.append(Outgoing(event, self.handlers), clock.now())
        self._relay.send_all()

    def consume(self, handle: Handle, ready: Callable[[], None]) -> None:
        over: list[bool] = []
        journal = SharedJournal(self.folder / self.receiver, Share(("one",), frozenset({"handler"})))
        bus = HandlerBus(
            clock=SystemClock(),
            ids=RandomIds(),
            journal=journal,
            keep_time=lambda: None,
            takes_strangers=self.takes_strangers,
        )

        def take(event: SignalsRequested, _handling: Any) -> None:
            if handle(event.metadata["body"]):
                over.append(True)

        bus.subscribe(SignalsRequested, take, name="handler")
        consumer = Consumer(
            bus=bus,
            journal=journal,
            relay=OutboxRelay(journal, self.transport),
            transport=self.transport,
            groups=("one",),
            clock=SystemClock(),
        )
        consumer.run(lambda: bool(over), ready)


class OursWithOneJournal(OursWithJournals):
    """The same with one journal for all processes, as the trading system has it."""

    receiver = OursWithJournals.sender
    handlers = ("handler",)
    takes_strangers = False


class FastStream(Contender):
    """Batches are published concurrently, as its users do."""

    package = "faststream"

    def __init__(self, url: str, queue: str, folder: Path) -> None:
        super().__init__(url, queue, folder)
        self._loop: Any = None

    def publish(self, bodies: Sequence[str]) -> None:
        import asyncio

        from faststream.rabbit import RabbitBroker

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._broker = RabbitBroker(self.url, logger=None)
            self._loop.run_until_complete(self._broker.connect())

        async def send() -> None:
            await asyncio.gather(
                *(self._broker.publish(body, queue=self.queue, persist=True) for body in bodies)
            )

        self._loop.run_until_complete(send())

    def consume(self, handle: Handle, ready: Callable[[], None]) -> None:
        import asyncio

        from faststream import AckPolicy
        from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

        broker, over = RabbitBroker(self.url, logger=None), asyncio.Event()
        queue = RabbitQueue(self.queue, durable=True, declare=False)

        async def take(body: str) -> None:
            if handle(body):
                over.set()

        one = Channel(prefetch_count=1)
        broker.subscriber(queue, channel=one, ack_policy=AckPolicy.REJECT_ON_ERROR)(take)

        async def work() -> None:
            await broker.start()
            ready()
            await over.wait()
            await asyncio.sleep(0.1)
            await broker.stop()

        asyncio.run(work())


class Celery(Contender):
    """A solo worker with late acknowledgement; the publisher waits for each confirm."""

    package = "celery"

    def _app(self) -> Any:
        import celery
        from kombu import Exchange, Queue

        app = celery.Celery("load", broker=self.url)
        exchange = Exchange(self.queue, type="direct", durable=True)
        app.conf.update(
            task_queues=[Queue(self.queue, exchange, routing_key=self.queue, queue_arguments=QUORUM)],
            task_default_queue=self.queue,
            task_default_exchange=self.queue,
            task_default_routing_key=self.queue,
            broker_transport_options={"confirm_publish": True},
            task_acks_late=True,
            task_ignore_result=True,
            worker_prefetch_multiplier=1,
            worker_concurrency=1,
            worker_redirect_stdouts=False,
        )
        return app

    def publish(self, bodies: Sequence[str]) -> None:
        if not hasattr(self, "_sender"):
            self._sender = self._app()
        for body in bodies:
            self._sender.send_task("load.take", (body,), queue=self.queue)

    def consume(self, handle: Handle, ready: Callable[[], None]) -> None:
        import os

        from celery.signals import worker_ready

        app = self._app()

        def take(body: str) -> None:
            if handle(body):
                os._exit(0)

        app.task(take, name="load.take")
        worker_ready.connect(lambda **_: ready(), weak=False)
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")
        app.worker_main(["worker", "--pool", "solo", "--queues", self.queue, *quiet])


CONTENDERS: dict[str, type[Contender]] = {
    "ours": Ours,
    "FastStream": FastStream,
    "Celery": Celery,
    "ours, journals": OursWithJournals,
    "ours, one journal": OursWithOneJournal,
}
