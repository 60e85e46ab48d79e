"""A sender and a receiver with a journal each, and nothing between them but a transport.

Whatever the receiver is to know has to come by the transport: no shared file mends what got lost on the way.
Both may be interrupted at any step, and the next one on the same journal goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from time import monotonic

from tests.trading.support.brokers import Site
from tests.trading.support.deaths import Reaper, interrupt
from tests.trading.support.event_samples import NOW, quiet_log, request
from trading.clock import SimulatedClock
from trading.events.bus.handling import Handling
from trading.events.bus.retry import RetryPolicy
from trading.events.journal.records import Outgoing, Settlement
from trading.events.journal.shared import Share, SharedJournal, Unsent
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.relay.consumer import Consumer
from trading.events.relay.handler_bus import HandlerBus
from trading.events.relay.outbox import OutboxRelay
from trading.events.transport.port import Arrival, Aside, Message, SetAside, Subscriber, Topology, Transport
from trading.ids import RandomIds

HANDLERS, ANSWERS = "handlers", "answers"
GROUPS = {
    HANDLERS: frozenset({"SignalsRequested"}),
    ANSWERS: frozenset({"AccountDataRequested", "WorkflowStepFailed"}),
}
PATIENCE_S = 8.0
QUIET_S = 0.1
Handle = Callable[[SignalsRequested, Handling], None]


def nobody() -> Reaper:
    return Reaper(None, interrupt)


class DyingShare(SharedJournal):
    """A journal whose process may end at any commit, or its machine: then only lasting commits are left."""

    def __init__(self, path: Path, share: Share, reaper: Reaper) -> None:
        self._reaper = reaper
        self._files = [path, path.with_name(f"{path.name}-wal")]
        self._disk = path.with_name(f"{path.name}.on-disk")
        super().__init__(path, share, durable=False)

    def lose_power(self) -> None:
        """What lies on the disk is all there is when it is opened again; it has to be closed."""
        for file in self._files:
            file.unlink(missing_ok=True)
            if (kept := self._disk / file.name).exists():
                copyfile(kept, file)

    @contextmanager
    def _transaction(self, *, lasting: bool = True) -> Iterator[None]:
        with super()._transaction(lasting=lasting):
            yield
        if lasting:
            self._disk.mkdir(exist_ok=True)
            for file in self._files:
                copyfile(file, self._disk / file.name)

    def accept(self, outgoing: Outgoing, at: datetime) -> int | None:
        self._reaper.before("accept")
        seq = super().accept(outgoing, at)
        self._reaper.after("accept")
        return seq

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        self._reaper.before("settle")
        numbers = super().settle(settlement)
        self._reaper.after("settle")
        return numbers

    def mark_sent(self, entries: Sequence[Unsent]) -> None:
        self._reaper.before("mark")
        super().mark_sent(entries)
        self._reaper.after("mark")


class DyingTransport:
    """A transport whose process may end at any call."""

    def __init__(self, inner: Transport, reaper: Reaper) -> None:
        self._inner = inner
        self._reaper = reaper

    def check(self) -> None:
        self._inner.check()

    def send(self, messages: Sequence[Message]) -> None:
        self._reaper.before("send")
        self._inner.send(messages)
        self._reaper.after("send")

    def subscribe(self, group: str) -> Subscriber:
        return DyingSubscriber(self._inner.subscribe(group), self._reaper)

    def aside(self, place: Aside) -> Sequence[SetAside]:
        return self._inner.aside(place)

    def close(self) -> None:
        self._inner.close()


class DyingSubscriber:
    """The same of what it gives."""

    def __init__(self, inner: Subscriber, reaper: Reaper) -> None:
        self._inner = inner
        self._reaper = reaper

    def receive(self, timeout_s: float) -> Arrival | None:
        arrival = self._inner.receive(timeout_s)
        if arrival is not None:
            self._reaper.before("received")
        return arrival

    def finish(self, arrival: Arrival) -> None:
        self._reaper.before("finish")
        self._inner.finish(arrival)
        self._reaper.after("finish")

    def set_aside(self, arrival: Arrival, place: Aside, reason: str) -> None:
        self._reaper.before("set aside")
        self._inner.set_aside(arrival, place, reason)
        self._reaper.after("set aside")

    def close(self) -> None:
        self._inner.close()


@dataclass
class World:
    """What handlers did outside, over the lives of all processes: event ids, and whether they knew of an
    earlier attempt.
    """

    attempts: list[tuple[str, bool]] = field(default_factory=list)

    def handled(self) -> list[str]:
        """What was handled; every attempt but the first one of an event knew that there may be one before."""
        for number, (event_id, redelivered) in enumerate(self.attempts):
            earlier = [known for known, _ in self.attempts[:number]]
            assert redelivered or event_id not in earlier, f"{event_id}: handled again as if for the first"
        return sorted({event_id for event_id, _ in self.attempts})


class Sender:
    """Publishes through an outbox of its own."""

    def __init__(self, folder: Path, site: Site, reaper: Reaper | None = None) -> None:
        reaper = reaper or nobody()
        self.journal = DyingShare(folder / "sender.db", Share(("run",)), reaper)
        self.transport = DyingTransport(site.connect(), reaper)
        self.relay = OutboxRelay(self.journal, self.transport)

    def commit(self, events: Sequence[BaseEvent]) -> None:
        for event in events:
            self.journal.append(Outgoing(event, ()), NOW)

    def publish(self, events: Sequence[BaseEvent]) -> None:
        self.commit(events)
        self.relay.send_all()

    def close(self) -> None:
        self.transport.close()
        self.journal.close()


class Receiver:
    """Handles requests, and answers each."""

    def __init__(
        self,
        folder: Path,
        site: Site,
        world: World,
        *,
        reaper: Reaper | None = None,
        handle: Handle | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._world = world
        self._reaper = reaper = reaper or nobody()
        self.clock = SimulatedClock(NOW)
        share = Share((HANDLERS,), frozenset({"handler"}))
        self.journal = DyingShare(folder / "receiver.db", share, reaper)
        self.transport = DyingTransport(site.connect(), reaper)
        self.bus = bus = HandlerBus(
            clock=self.clock,
            ids=RandomIds(),
            journal=self.journal,
            keep_time=lambda: None,
            takes_strangers=True,
            log=quiet_log(),
            retry=retry,
        )
        bus.subscribe(SignalsRequested, handle or self.answer, name="handler")
        self.consumer = Consumer(
            bus=bus,
            journal=self.journal,
            relay=OutboxRelay(self.journal, self.transport),
            transport=self.transport,
            groups=(HANDLERS,),
            clock=self.clock,
        )

    def answer(self, event: SignalsRequested, handling: Handling) -> None:
        self._reaper.before("effect")
        self._world.attempts.append((event.event_id, handling.redelivered))
        self._reaper.after("effect")
        handling.publish(AccountDataRequested)

    def work(self, until: Callable[[], bool]) -> None:
        """Until that holds and nothing comes any more; a time-out is a failure."""
        patience = monotonic() + PATIENCE_S

        def over() -> bool:
            assert monotonic() < patience, "it did not come to that"
            return until()

        self.consumer.run(over, lambda: None)

    def handled(self, events: Sequence[BaseEvent]) -> bool:
        """Whether all of these have been settled here, and what they led to was sent."""
        known = all(self.journal.find_event(event.event_id) is not None for event in events)
        return known and not self.journal.undelivered() and not self.journal.unsent()

    def close(self) -> None:
        """As the end of a process does: connections are closed, locks released."""
        self.consumer.leave()
        self.transport.close()
        self.journal.close()


def requests(number: int, *, run: str = "run-1", named: str = "e") -> list[SignalsRequested]:
    return [request(f"{named}-{one}", run=run) for one in range(number)]


def topology(name: str) -> Topology:
    return Topology(name, GROUPS)


def next_of(subscriber: Subscriber) -> Arrival:
    """The next message, which has to come."""
    patience = monotonic() + PATIENCE_S
    while (arrival := subscriber.receive(QUIET_S)) is None:
        assert monotonic() < patience, "no message came"
    return arrival


def drained(transport: Transport, group: str, *, wanted: int, beyond: bool = True) -> list[Arrival]:
    """Messages of so many events of a group, finished, and those that come `beyond` them."""
    subscriber, found = transport.subscribe(group), list[Arrival]()
    patience = monotonic() + PATIENCE_S
    while len({one.headers["event-id"] for one in found}) < wanted and monotonic() < patience:
        if (arrival := subscriber.receive(QUIET_S)) is not None:
            subscriber.finish(arrival)
            found.append(arrival)
    while beyond and (another := subscriber.receive(QUIET_S)) is not None:
        subscriber.finish(another)
        found.append(another)
    subscriber.close()
    return found
