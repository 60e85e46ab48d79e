"""The bus of a process that handles some of a journal's events, while other processes handle the rest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from trading.clock import Clock
from trading.events.bus.deliveries import Deliveries
from trading.events.bus.handling import Handling
from trading.events.bus.metrics import BusMetrics
from trading.events.bus.retry import RetryPolicy
from trading.events.bus.routes import Subscription
from trading.events.journal.records import DamagedDelivery, Delivery, Failure, Outgoing
from trading.events.journal.shared import SharedJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.schema.versions import EventRefused
from trading.ids import Ids

Event = TypeVar("Event", bound=BaseEvent)

STARTS_MAX = 5
DIED = Failure("HandlerDied", f"whoever handled it died of it {STARTS_MAX} times")


class HandlerBus:
    """Delivers to the handlers of its journal's share, one event at a time among all processes.

    All handlers are subscribed, so that an event is kept with its deliveries for every process. What a
    handling publishes goes to the outbox. `keep_time` is called before an event is handled. A stranger is an
    event that came by the transport and is not in the journal: where everybody who publishes has this journal
    open, nobody who may has published it.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        journal: SharedJournal,
        keep_time: Callable[[], None],
        takes_strangers: bool,
        retry: RetryPolicy | None = None,
        log: FilteringBoundLogger | None = None,
        timer: Callable[[], float] = perf_counter,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._keep_time = keep_time
        self._takes_strangers = takes_strangers
        self._retry = retry or RetryPolicy()
        self._claimed = False
        self._deliveries = Deliveries(
            clock=clock,
            ids=ids,
            ledger=journal,
            log=log or structlog.get_logger(__name__).bind(),
            timer=timer,
            carried=True,
        )

    def subscribe(
        self,
        event_class: type[Event],
        handle: Callable[[Event, Handling], None],
        *,
        name: str,
        retry: RetryPolicy | None = None,
    ) -> None:
        """As of `EventBus`; whether this process handles for it is a matter of its journal's share."""
        self._deliveries.routes.add(Subscription(event_class, handle, name, retry or self._retry))

    def finish_leftovers(
        self, event_class: type[Event], handle: Callable[[Event, Handling], None], *, name: str
    ) -> None:
        """As of `EventBus`."""
        self._deliveries.routes.add_leftovers(Subscription(event_class, handle, name, self._retry))

    def resume(self) -> None:
        """Claim this process' share, and deliver what an earlier one left undelivered of it.

        Raises JournalBusy where another process handles for one of its parts.
        """
        self._claim()
        self.catch_up()

    def receive(self, event: BaseEvent, *, redelivered: bool) -> None:
        """Deliver an event that came by the transport to those of this share who have not handled it yet.

        When this returns, the journal answers for it, also after a loss of power: it has been handled, given
        up, or waits there for another attempt. `redelivered` says that the transport may have brought it
        before. Raises EventRefused for a stranger that is not to be taken.
        """
        with self._turn():
            waiting = self._journal.waiting(event.event_id)
            if not waiting:
                if not self._takes_strangers:
                    self._refuse_stranger(event)
                    return
                names = self._deliveries.routes.route(event.__class__).names
                seq = self._journal.accept(Outgoing(event, names), self._clock.now())
                if seq is None:
                    return  # it was handled before: the transport has delivered it once more
                if redelivered:  # an earlier attempt may be forgotten here: it counts as begun
                    self._deliveries.resumed_at = seq
                self._take_up(self._journal.waiting(event.event_id))
                if self._journal.has_new_arrivals:  # nobody here had to handle it
                    self._journal.sync()
            else:
                self._deliver(waiting)

    def catch_up(self) -> None:
        """Deliver what the journal holds undelivered for this share: a broker may have forgotten it."""
        self._deliver_all(self._journal.undelivered())

    def run_due(self) -> None:
        """Deliver what was delayed and is due by now."""
        while due := self._journal.due(self._deliveries.time.now()):
            self._deliver_all(due)

    def next_due(self) -> datetime | None:
        """When the next delayed delivery of this share is due."""
        return self._journal.next_due()

    def metrics(self) -> BusMetrics:
        """The counters as they stand."""
        return self._deliveries.metrics()

    def _refuse_stranger(self, event: BaseEvent) -> None:
        if self._journal.find_event(event.event_id) is None:
            raise EventRefused(
                f"{event.event_type} {event.event_id}: the journal of this account has no such event: it was "
                "published by somebody else, or forgotten"
            )

    def _claim(self) -> None:
        self._deliveries.claim()
        self._claimed = True

    def _deliver_all(self, deliveries: Sequence[Delivery | DamagedDelivery]) -> None:
        for together in _by_event(deliveries):
            with self._turn():
                self._deliver(together)

    def _deliver(self, deliveries: Sequence[Delivery | DamagedDelivery]) -> None:
        """Deliver one event; one whose handling has ended the process too often is given up."""
        first = deliveries[0]
        if first.seq > self._deliveries.resumed_at:
            self._take_up(deliveries)
        elif self._journal.count_start(first.event_id) > STARTS_MAX:
            for delivery in deliveries:
                self._deliveries.bury(delivery, DIED, retryable=False)
        else:
            self._take_up(deliveries)
            self._journal.forget_starts(first.event_id)

    def _take_up(self, deliveries: Sequence[Delivery | DamagedDelivery]) -> None:
        self._deliveries.take_up(deliveries)
        self._deliveries.drain()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One event at a time among all processes: a handler never works while another one does.

        After an interruption, what was under way counts as begun.
        """
        with self._journal.turn:
            if not self._claimed:
                self._claim()
            self._keep_time()
            try:
                yield
            except BaseException:
                self._deliveries.forget_handling()
                self._claimed = False
                raise


def _by_event(deliveries: Sequence[Delivery | DamagedDelivery]) -> Iterator[list[Delivery | DamagedDelivery]]:
    """Those of one event together, in order."""
    together: list[Delivery | DamagedDelivery] = []
    for delivery in deliveries:
        if together and together[0].seq != delivery.seq:
            yield together
            together = []
        together.append(delivery)
    if together:
        yield together
