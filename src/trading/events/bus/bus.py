"""The event bus: synchronous, first in, first out, run to completion; used by one thread at a time.

A handler is `(event, handling) -> None` under a stable name (see `handling`). What it publishes is delivered
after the present event has reached all its handlers, never nested. Each handler gets each event once; after
a failure it gets that event again, later, within the bounds of its RetryPolicy, and may then find that its
own earlier attempt had effects outside: those it must recognise itself. A handler that gives up is
dead-lettered and announced as WorkflowStepFailed, unless WorkflowStepFailed is what it could not handle.

Without a journal the bus is as quick as it can be and forgets everything with the process. With one, every
event is kept before it is delivered, and a bus on the same journal resumes where the last one was stopped;
an error of the journal itself goes to the caller, and the next call resumes from what was kept.

While one thread is in a call of the bus, calls of others are refused (OtherThread): their events belong to no
handling of that thread, and to wait for it would be for ever where it waits for them.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from threading import get_ident
from time import perf_counter
from typing import Any, TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from trading.clock import Clock
from trading.events.bus.deliveries import Deliveries
from trading.events.bus.handling import Handling, OtherThread
from trading.events.bus.metrics import BusMetrics
from trading.events.bus.plain_call import refuse_unrun_body
from trading.events.bus.retry import RetryPolicy
from trading.events.bus.routes import Subscription, Target
from trading.events.bus.volatile import RECENT_IDS_MAX, Volatile
from trading.events.bus.watching import Watcher
from trading.events.journal.port import Ledger
from trading.events.messages.envelope import BaseEvent
from trading.ids import Ids

Event = TypeVar("Event", bound=BaseEvent)

SLEEP_MAX_S = 30.0  # a longer wait looks again: somebody may have put a dead letter back


class RunEnd(Enum):
    """Why `run_until` returned."""

    DONE = "done"
    IDLE = "idle"  # nothing is left to deliver, now or later
    DEADLINE = "deadline"


class BusBusy(Exception):
    """`run` or `resume` was called from inside a handler, whose event would then be nested in another."""


class IdTaken(Exception):
    """The source of ids has given out an id for the second time: the event would be lost as a duplicate."""


class EventBus:
    """Carries events from whoever publishes to the handlers of their class and of its bases."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        journal: Ledger | None = None,
        retry: RetryPolicy | None = None,
        log: FilteringBoundLogger | None = None,
        timer: Callable[[], float] = perf_counter,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._retry = retry or RetryPolicy()
        self._quick = journal is None
        if journal is None:
            journal = volatile = Volatile()
            self._recent = volatile.recent
        # Whose turn it is, asked and taken without a call in between: no other thread gets there meanwhile.
        self._elsewhere = not self._quick  # also while a quick bus is busy: one question, not two
        self._busy = False
        self._resumed = self._quick
        self._deliveries = Deliveries(
            clock=clock,
            ids=ids,
            ledger=journal,
            log=log or structlog.get_logger(__name__).bind(),
            timer=timer,
            keeps_all=not self._quick,
        )
        self._routes = self._deliveries.routes
        self._by_class = self._routes.by_class
        self._queue = self._deliveries.queue
        self._handling = self._deliveries.handling
        self._deliver: Callable[[BaseEvent, tuple[Target, ...]], None] = self._deliveries.deliver

    def subscribe(
        self,
        event_class: type[Event],
        handle: Callable[[Event, Handling], None],
        *,
        name: str,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Deliver events of this class, and of all classes below it, to a handler of this name.

        The name is what the journal knows the handler by: it is unique on the bus and outlives the process.
        Raises TypeError for a function whose body would never run: a coroutine or generator function.
        """
        self._routes.add(Subscription(event_class, handle, name, retry or self._retry))

    def finish_leftovers(
        self, event_class: type[Event], handle: Callable[[Event, Handling], None], *, name: str
    ) -> None:
        """Give a handler what an earlier program left undelivered for this name; nothing new goes to it."""
        self._routes.add_leftovers(Subscription(event_class, handle, name, self._retry))

    def observe(self, observer: Callable[[BaseEvent], None]) -> None:
        """Show every event, in the order of publication, before its handlers get it.

        What an observer raises is counted and logged; it cannot publish, and it is no consumer. One that
        begins while an event is shown sees the next one; TypeError as for `subscribe`.
        """
        refuse_unrun_body(observer, getattr(observer, "__qualname__", type(observer).__name__))
        self._deliveries.observers.append(observer)

    def stop_observing(self, observer: Callable[[BaseEvent], None]) -> None:
        """Show this observer no more events; raises ValueError for one that does not look on."""
        self._deliveries.observers.remove(observer)

    def watch(self, watcher: Watcher) -> None:
        """Tell the watcher of every publication, delivery and handling from now on.

        Asking again for the same watcher changes nothing; raises ValueError for a second one.
        """
        self._deliveries.watch(watcher)
        self._deliver = self._tell_and_deliver

    def check_routes(self, published: Iterable[type[BaseEvent]]) -> None:
        """Raise UnroutedEvents where one of these classes has no consumer: asked once, at start-up."""
        self._routes.check(published)

    def prepare_routes(self, published: Iterable[type[BaseEvent]]) -> None:
        """Work out who gets these classes now rather than in the first run; all handlers are subscribed."""
        for event_class in published:
            self._routes.route(event_class)

    def publish(self, event: BaseEvent, *, due: datetime | None = None) -> bool:
        """Deliver an event and all that follows from it; False where its id is known already.

        During a handling it joins what that handling publishes. With `due` it is kept until then, and `run`
        delivers it.
        """
        if self._elsewhere or due is not None:
            return self._publish_elsewhere(event, due)
        self._elsewhere = True
        try:
            self._handling.thread = get_ident()
            event_class = event.__class__
            route = self._by_class.get(event_class) or self._routes.route(event_class)
            recent = self._recent
            event_id = event.event_id
            young = recent.young
            if (
                event_id in young or event_id in recent.old
            ):  # written out: a call costs as much as the look-up
                route.duplicates += 1
                return False
            if len(young) < RECENT_IDS_MAX:
                young.add(event_id)
            else:
                recent.add(event_id)
            route.published += 1
            self._deliver(event, route.targets)
            if self._queue:
                self._deliveries.drain()
        except BaseException:
            self._interrupted()
            raise
        finally:
            self._handling.thread = None
            self._elsewhere = False
        return True

    def emit(
        self,
        event_class: type[Event],
        *,
        correlation_id: str | None = None,
        due: datetime | None = None,
        **fields: Any,
    ) -> Event:
        """Build an event and publish it: the root of a run of its own, or of the run that is named.

        During a handling it is an event of that handling's run, caused by the event that is handled.
        """
        if self._is_busy():
            return self._handling.publish(event_class, due=due, **fields)
        event = event_class(
            event_id=self._ids.new("event"),
            correlation_id=correlation_id or self._ids.new("workflow"),
            causation_id=None,
            timestamp=self._clock.now(),
            **fields,
        )
        if not self.publish(event, due=due):
            raise IdTaken(f"{event.event_id}: an event of this id is kept already; ids have to be fresh")
        return event

    def resume(self) -> None:
        """Claim the journal and deliver what it holds undelivered; other calls do so when it is needed."""
        with self._working():
            self._take_up()

    def run(self) -> None:
        """Deliver all that is due by now, and all that follows from it."""
        with self._working():
            self._ensure_resumed()
            self._deliveries.deliver_due()

    def run_until(self, done: Callable[[], bool], *, deadline: datetime | None = None) -> RunEnd:
        """Deliver what is due, sleeping on the clock in between, until `done`, idleness or the deadline.

        The deadline is as far away as it is when this is called, whoever sets the clock meanwhile.
        """
        time = self._deliveries.time
        until = None if deadline is None else time.at(deadline)
        while True:
            self.run()
            if done():
                return RunEnd.DONE
            next_due = self._deliveries.ledger.next_due()
            now = time.now()
            if until is not None and now >= until:
                return RunEnd.DEADLINE
            if next_due is None:
                return RunEnd.IDLE
            wake = next_due if until is None else min(next_due, until)
            self._clock.sleep(min(max((wake - now).total_seconds(), 0.0), SLEEP_MAX_S))

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a handler is to try an event of this run again."""
        return self._deliveries.ledger.is_retrying(correlation_id)

    def metrics(self) -> BusMetrics:
        """The counters as they stand."""
        return self._deliveries.metrics()

    def _tell_and_deliver(self, event: BaseEvent, targets: tuple[Target, ...]) -> None:
        """The quick way on a bus that is watched."""
        watcher = self._deliveries.watcher
        if watcher is not None:
            watcher.published(event)
            if watcher.schedules:
                self._queue.append((event, targets, 0, 1))
                return
        self._deliveries.deliver(event, targets)

    def _publish_elsewhere(self, event: BaseEvent, due: datetime | None) -> bool:
        """Not the quick way: join the handling that goes on, or go by the ledger."""
        if self._is_busy():
            self._handling.take(event, due)
            return True
        with self._working():
            self._ensure_resumed()
            is_new = self._deliveries.accept(event, due)
            self._deliveries.drain()
        return is_new

    def _is_busy(self) -> bool:
        """Whether this thread is in a call of the bus already; raises OtherThread where another one is."""
        busy = self._elsewhere if self._quick else self._busy
        if busy and self._handling.thread != get_ident():
            raise OtherThread
        return busy

    def _ensure_resumed(self) -> None:
        if not self._resumed:
            self._take_up()

    def _take_up(self) -> None:
        self._deliveries.claim()
        self._deliveries.take_up(self._deliveries.ledger.undelivered())
        self._resumed = True
        self._deliveries.drain()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Whatever interrupts delivery (an error of the journal, Ctrl-C) leaves a bus that can resume."""
        if self._is_busy():
            raise BusBusy("the bus is delivering already")
        if self._elsewhere if self._quick else self._busy:
            raise OtherThread
        self._elsewhere = self._busy = True
        try:
            self._handling.thread = get_ident()
            yield
        except BaseException:
            self._interrupted()
            raise
        finally:
            self._handling.thread = None
            self._busy = False
            self._elsewhere = not self._quick

    def _interrupted(self) -> None:
        self._deliveries.forget_handling()
        if not self._quick:
            self._queue.clear()
            self._resumed = False
