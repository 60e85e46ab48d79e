"""From the transport, through the inbox, to the handlers of one process."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from time import monotonic
from time import sleep as wait_for_the_broker

import structlog

from trading.clock import Clock, SettableClock
from trading.events.journal.port import JournalBusy
from trading.events.journal.shared import SharedJournal
from trading.events.relay.handler_bus import STARTS_MAX, HandlerBus
from trading.events.relay.outbox import OutboxRelay
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.versions import EventRefused, Versions
from trading.events.transport.cloud_event import event_of
from trading.events.transport.port import Arrival, Aside, Subscriber, Transport, TransportLost

WAIT_S = 0.5
WAIT_OF_SEVERAL_S = 0.01
CATCH_UP_S = 30.0
PAUSE_MIN_S = 0.1
PAUSE_MAX_S = 5.0

log = structlog.get_logger(__name__)


class Consumer:
    """Takes the messages of some groups, one at a time, until it is told to stop.

    The order is what makes it safe: the handling and what it publishes are committed, then the outbox is
    sent and confirmed, then the message is finished. Whoever ends in between leaves a repeat behind, and
    never a gap. What cannot be read is parked. When the transport was lost, the journal is asked what is
    undelivered before the next message, for a broker that comes back may have forgotten.
    """

    def __init__(
        self,
        *,
        bus: HandlerBus,
        journal: SharedJournal,
        relay: OutboxRelay,
        transport: Transport,
        groups: Sequence[str],
        clock: Clock,
        versions: Versions = VERSIONS,
    ) -> None:
        self._bus = bus
        self._journal = journal
        self._relay = relay
        self._transport = transport
        self._groups = groups
        self._versions = versions
        self._clock = clock
        self._idle = IdleTime(clock, bus)
        self._subscribers: list[Subscriber] = []
        self._wait_s = WAIT_S if len(groups) == 1 else WAIT_OF_SEVERAL_S

    def run(self, stop: Callable[[], bool], began: Callable[[], None]) -> None:
        """Work until `stop`, which is asked between two messages; a lost broker is waited for.

        Another process that handles for one of the groups is waited for as well: this one stands by. `began`
        is called whenever messages are taken from now on.
        """
        pause_s = PAUSE_MIN_S
        while not stop():
            try:
                if not self._subscribers:
                    self.begin()
                    began()
                    pause_s = PAUSE_MIN_S
                self.step()
            except JournalBusy as busy:
                log.warning("standing_by", why=str(busy))
            except TransportLost as lost:
                self.leave()
                log.warning("transport_lost", error=str(lost), again_in_s=pause_s)
                wait_for_the_broker(pause_s)
                pause_s = min(pause_s * 2, PAUSE_MAX_S)
        self.leave()

    def begin(self) -> None:
        """Claim, finish what was left undelivered, and subscribe; raises JournalBusy or TransportLost."""
        self._bus.resume()
        self._relay.send_all()
        self._subscribers = [self._transport.subscribe(group) for group in self._groups]

    def step(self) -> bool:
        """Handle at most one message of each group, or what has become due; whether there was a message."""
        worked = False
        for subscriber in self._subscribers:
            arrival = subscriber.receive(self._wait_s)
            if arrival is not None:
                self._take(arrival, subscriber)
                worked = True
        if self._idle.look(worked=worked):
            self._bus.catch_up()
        self._bus.run_due()
        self._relay.send_all()
        if not worked:
            self._journal.sync()
        return worked

    def leave(self) -> None:
        """Give back what was received and not finished."""
        subscribers, self._subscribers = self._subscribers, []
        for subscriber in subscribers:
            subscriber.close()
        self._transport.close()

    def _take(self, arrival: Arrival, subscriber: Subscriber) -> None:
        name = ""
        if arrival.redelivered:
            name = f"message {sha256(arrival.body).hexdigest()}"
            if self._journal.count_start(name) > STARTS_MAX:
                reason = f"whoever received it ended {STARTS_MAX} times before it was finished"
                self._put_aside(arrival, subscriber, Aside.DEAD, reason)
                return
        try:
            event = event_of(arrival.headers, arrival.body, self._versions)
            self._bus.receive(event, redelivered=arrival.redelivered)
        except EventRefused as refused:
            self._put_aside(arrival, subscriber, Aside.PARKED, str(refused))
            return
        self._relay.send_all()
        subscriber.finish(arrival)
        if name:
            self._journal.forget_starts(name)

    def _put_aside(self, arrival: Arrival, subscriber: Subscriber, place: Aside, reason: str) -> None:
        log.error("message_set_aside", place=place.value, reason=reason, headers=dict(arrival.headers))
        self._journal.park(place.value, reason, arrival.headers, arrival.body, self._clock.now())
        subscriber.set_aside(arrival, place, reason)


class IdleTime:
    """Lets time pass for a clock that moves only when it is told to, while there is nothing to do.

    It reaches what is due next after as much real time as lies between: not earlier, for other processes may
    be at work. A clock that runs by itself needs none of this.
    """

    def __init__(self, clock: Clock, bus: HandlerBus) -> None:
        self._clock = None if isinstance(clock, SettableClock) else clock
        self._bus = bus
        self._since = self._asked = monotonic()

    def look(self, *, worked: bool) -> bool:
        """Told whether there was a message just now; whether it is time to ask the journal what it holds."""
        now = monotonic()
        if worked:
            self._since = self._asked = now
        elif self._clock is not None and (next_due := self._bus.next_due()) is not None:
            left_s = (next_due - self._clock.now()).total_seconds()
            if 0.0 < left_s <= now - self._since:
                self._clock.sleep(left_s)
                self._since = now
        if now - self._asked < CATCH_UP_S:
            return False
        self._asked = now
        return True
