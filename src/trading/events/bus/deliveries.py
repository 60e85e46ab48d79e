"""The inside of the bus: the queue, one delivery after the other, and what becomes of each."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from structlog.typing import FilteringBoundLogger

from trading.clock import Clock, PassingTime
from trading.events.bus.failures import announce, failure_of, log_fields
from trading.events.bus.handling import CLOSING_RESERVE, EVENTS_PER_RUN_MAX, Handling, RunCounts
from trading.events.bus.metrics import BusMetrics, measure
from trading.events.bus.plain_call import refuse_unrun_result
from trading.events.bus.routes import Routes, Target, UnroutedEvents
from trading.events.bus.volatile import TooManyDelayed
from trading.events.bus.watching import Watcher
from trading.events.journal.port import Ledger, PermanentFailure
from trading.events.journal.records import (
    DamagedDelivery,
    Delivery,
    Failure,
    Outcome,
    Outgoing,
    Settlement,
    WorkflowRecord,
)
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.workflow import WorkflowStepFailed
from trading.events.schema.versions import type_of
from trading.ids import Ids

QUEUE_LENGTH_MAX = 10_000
DEBUG = 10


class QueueFull(PermanentFailure):
    """More events wait than a bus takes: something publishes faster than a run can be meant to."""


class Deliveries:
    """Delivers in the order of publication and settles every handling with the ledger."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        ledger: Ledger,
        log: FilteringBoundLogger,
        timer: Callable[[], float],
        carried: bool = False,
        keeps_all: bool = True,
    ) -> None:
        """Where events are `carried`, what is published comes back by a transport."""
        self.routes = Routes()
        self.queue: deque[tuple[BaseEvent, tuple[Target, ...], int, int]] = deque()
        self.observers: list[Callable[[BaseEvent], object]] = []
        self.watcher: Watcher | None = None
        self.keeps_all = keeps_all  # whether the ledger has all that is in memory
        self.ledger = ledger
        self._runs = RunCounts(ledger.events_of_run)
        self.handling = Handling(None, clock=clock, ids=ids, ledger=ledger, runs=self._runs)
        self._clock = clock
        self.time = PassingTime(clock)  # delays are measured by it; a later process goes by their moments
        self._ids = ids
        self._timer = timer
        self._log = log
        if log.is_enabled_for(DEBUG):
            self.observers.append(self._trace)
        self._observer_failures = 0
        self._unannounced = 0
        self._damaged = 0
        self._carried = carried
        self.resumed_at = 0  # deliveries of events up to this number may have begun before

    def watch(self, watcher: Watcher) -> None:
        """Tell the watcher what happens from now on; raises ValueError where there is another one."""
        if self.watcher is watcher:
            return
        if self.watcher is not None:
            raise ValueError("the bus is watched by another one already")
        self.watcher = watcher
        self.routes.watch(watcher)

    def deliver(
        self,
        event: BaseEvent,
        targets: tuple[Target, ...],
        seq: int = 0,
        attempt: int = 1,
        *,
        shown: bool = False,
    ) -> None:
        """Hand one event to these handlers; what one raises never keeps it from the next."""
        if self.observers and attempt == 1 and not shown:
            self._show(event)
        handling = self.handling
        published = handling.published
        handling.event = event
        kept = seq or attempt > 1  # an event that is neither comes for the first time: nothing to work out
        if kept:
            handling.redelivered = attempt > 1 or seq <= self.resumed_at
        timer = self._timer
        for target in targets:
            handling.source = target.source
            started = timer()
            try:
                if (result := target.handle(event, handling)) is not None:
                    refuse_unrun_result(result, target.name)
            except Exception as error:  # noqa: BLE001  (isolation of handlers is what the bus is for)
                took = timer() - started
                target.seconds += took
                self._failed(event, target, seq, attempt, error, took)
                continue
            took = timer() - started
            target.seconds += took
            if seq or published or handling.kept:  # 0: nothing is kept of it but what it leaves behind
                self._handled(event, target, seq, attempt, took)
            else:
                target.delivered += 1
        handling.event = None
        if kept:
            handling.redelivered = False

    def drain(self) -> None:
        """Deliver until nothing waits."""
        if self.watcher is not None and self.watcher.schedules:
            self._drain_by_turns(self.watcher)
            return
        queue = self.queue
        while queue:
            event, targets, seq, attempt = queue.popleft()
            self.deliver(event, targets, seq, attempt)

    def _drain_by_turns(self, watcher: Watcher) -> None:
        """The same in an order that the watcher decides about: each delivery to each handler by itself."""
        waiting: list[tuple[BaseEvent, Target, int, int]] = []
        shown: set[str] = set()
        while True:
            while self.queue:
                event, targets, seq, attempt = self.queue.popleft()
                if not targets:
                    self.deliver(event, targets, seq, attempt)
                waiting += [(event, target, seq, attempt) for target in targets]
            if not waiting:
                return
            turn = watcher.turn(
                [(event, target.name) for event, target, *_ in waiting], can_restart=self.keeps_all
            )
            if turn.restart:
                waiting.clear()
                self.claim()
                self.take_up(self.ledger.undelivered())
                continue
            event, target, seq, attempt = waiting.pop(turn.place)
            self.deliver(event, (target,), seq, attempt, shown=event.event_id in shown)
            shown.add(event.event_id)
            if turn.twice:
                self.accept(event, None)

    def accept(self, event: BaseEvent, due: datetime | None) -> bool:
        """Keep an event from outside and let it wait for its turn; False where its id is known."""
        outgoing = self._outgoing(event, due)
        return self._enqueue(outgoing, self.ledger.append(outgoing, self._clock.now()))

    def deliver_due(self) -> None:
        """Deliver what was delayed until now or earlier."""
        while batch := self.ledger.due(self.time.now()):
            self.take_up(batch)
            self.drain()

    def claim(self) -> None:
        """Claim the ledger; what it holds by now may have been begun by somebody else."""
        self.ledger.claim()
        self.resumed_at = self.ledger.last_number()
        self.queue.clear()

    def forget_handling(self) -> None:
        """Leave nothing of an interrupted handling behind."""
        self.handling.event = None
        self.handling.clear()

    def metrics(self) -> BusMetrics:
        """The counters as they stand."""
        return measure(
            self.routes,
            observer_failures=self._observer_failures,
            unannounced=self._unannounced,
            damaged=self._damaged,
        )

    def take_up(self, deliveries: Iterable[Delivery | DamagedDelivery]) -> None:
        """Let these wait for their turn."""
        for delivery in deliveries:
            if isinstance(delivery, DamagedDelivery):
                self._damaged += 1
                self.bury(delivery, Failure("EventRefused", delivery.reason), retryable=False)
                continue
            target = self.routes.route(delivery.event.__class__).by_name.get(delivery.handler)
            if target is None:
                reason = f"no handler named {delivery.handler} takes {delivery.event_type}"
                self.bury(delivery, Failure("HandlerMissing", reason), retryable=False)
                continue
            self._append(delivery, target)

    def _append(self, delivery: Delivery, target: Target) -> None:
        queue = self.queue
        targets: tuple[Target, ...] = (target,)
        if queue and queue[-1][0].event_id == delivery.event_id and queue[-1][3] == delivery.attempt:
            targets = (*queue.pop()[1], target)
        queue.append((delivery.event, targets, delivery.seq, delivery.attempt))

    def _show(self, event: BaseEvent) -> None:
        for observer in tuple(self.observers):
            if observer not in self.observers:
                continue  # another observer has stopped it just now
            try:
                refuse_unrun_result(observer(event), "an observer")
            except Exception as error:  # noqa: BLE001  (who only looks on must not disturb)
                self._observer_failures += 1
                self._log.warning(
                    "observer failed",
                    event_type=event.event_type,
                    event_id=event.event_id,
                    correlation_id=event.correlation_id,
                    error=repr(error),
                )

    def _trace(self, event: BaseEvent) -> None:
        """The log as an observer: where nobody reads debug lines, delivery does not even ask."""
        self._log.debug(
            "delivering",
            event_type=event.event_type,
            event_id=event.event_id,
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
        )

    def _handled(self, event: BaseEvent, target: Target, seq: int, attempt: int, took: float) -> None:
        handling = self.handling
        published: tuple[Outgoing, ...] = ()
        try:
            if handling.published:
                if len(self.queue) + len(handling.published) > QUEUE_LENGTH_MAX:
                    raise QueueFull(f"{len(self.queue)} events wait, the most is {QUEUE_LENGTH_MAX}")
                published = tuple([self._outgoing(event, due) for event, due in handling.published])
            self._settle(
                Delivery(seq, event, target.name, attempt),
                Outcome.HANDLED,
                workflows=tuple(handling.kept),
                published=published,
                took_s=took,
            )
        except PermanentFailure as error:
            self._failed(event, target, seq, attempt, error, took)
        else:
            target.delivered += 1
            handling.clear()

    def _failed(
        self, event: BaseEvent, target: Target, seq: int, attempt: int, error: Exception, took: float
    ) -> None:
        self.handling.clear()
        target.failed += 1
        failure = failure_of(error)
        delivery = Delivery(seq, event, target.name, attempt)
        retryable = not isinstance(error, PermanentFailure)
        if (
            retryable
            and attempt < target.retry.attempts_max
            and self._postponed(delivery, target, failure, took)
        ):
            target.retried += 1
        else:
            target.dead += 1
            self.bury(delivery, failure, retryable=retryable, took=took)

    def _postponed(self, delivery: Delivery, target: Target, failure: Failure, took: float) -> bool:
        due = self.time.now() + timedelta(seconds=target.retry.delay_after(delivery.attempt))
        try:
            self._settle(delivery, Outcome.RETRY, due=due, failure=failure, took_s=took)
        except TooManyDelayed:
            return False
        self._log.warning(
            "handler failed, will be tried again", due=due.isoformat(), **log_fields(delivery, failure)
        )
        return True

    def bury(
        self,
        delivery: Delivery | DamagedDelivery,
        failure: Failure,
        *,
        retryable: bool,
        took: float = 0.0,
    ) -> None:
        """Give a delivery up and announce that."""
        announcements: tuple[Outgoing, ...] = ()
        if self._may_announce(delivery):
            event = announce(failure, delivery, retryable=retryable, clock=self._clock, ids=self._ids)
            announcements = (self._outgoing(event, None),)
        else:
            self._unannounced += 1
        self._settle(delivery, Outcome.DEAD, failure=failure, published=announcements, took_s=took)
        self._log.error("given up", announced=bool(announcements), **log_fields(delivery, failure))

    def _may_announce(self, delivery: Delivery | DamagedDelivery) -> bool:
        """Not the failure of an announcement, and not without end: either would answer itself for ever."""
        published = self._runs.of(delivery.correlation_id)
        return (
            delivery.event_type != type_of(WorkflowStepFailed)
            and published < EVENTS_PER_RUN_MAX + CLOSING_RESERVE
        )

    def _settle(
        self,
        delivery: Delivery | DamagedDelivery,
        outcome: Outcome,
        *,
        due: datetime | None = None,
        failure: Failure | None = None,
        workflows: tuple[WorkflowRecord, ...] = (),
        published: tuple[Outgoing, ...] = (),
        took_s: float = 0.0,
    ) -> None:
        now = self._clock.now()
        numbers = self.ledger.settle(
            Settlement(delivery, outcome, now, due, failure, workflows, published, took_s)
        )
        if published:
            self._runs.add(delivery.correlation_id, len(published))
            for outgoing, seq in zip(published, numbers, strict=True):
                self._enqueue(outgoing, seq)

    def _outgoing(self, event: BaseEvent, due: datetime | None) -> Outgoing:
        names = self.routes.route(event.__class__).names
        if due is not None and not names:
            raise UnroutedEvents(f"{event.event_type} is delayed, but no handler consumes it")
        return Outgoing(event, names, None if due is None else self.time.at(due))

    def _enqueue(self, outgoing: Outgoing, seq: int | None) -> bool:
        event = outgoing.event
        route = self.routes.route(event.__class__)
        if seq is None:
            route.duplicates += 1
            return False
        route.published += 1
        if self.watcher is not None:
            self.watcher.published(event)
        if outgoing.due is None and not self._carried:
            self.queue.append((event, route.targets, seq, 1))
        return True
