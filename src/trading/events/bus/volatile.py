"""A ledger without memory: delays and the latest dead letters, all of it gone with the process."""

import heapq
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import count

from trading.events.journal.port import DUE_BATCH_MAX, PermanentFailure, SettlementRefused
from trading.events.journal.records import (
    DamagedDelivery,
    Delivery,
    Outcome,
    Outgoing,
    Settlement,
    WorkflowRecord,
)
from trading.events.messages.envelope import BaseEvent

RECENT_IDS_MAX = 2048


class RecentIds:
    """Remembers at least the last `RECENT_IDS_MAX` ids and at most twice as many.

    Two generations instead of one ordered ring: forgetting is one swap in thousands of additions, and both
    sets are public because the bus asks them without the cost of a call.
    """

    __slots__ = ("old", "young")

    def __init__(self) -> None:
        self.young: set[str] = set()
        self.old: set[str] = set()

    def add(self, event_id: str) -> bool:
        """True where the id is new; it is then remembered."""
        if event_id in self.young or event_id in self.old:
            return False
        if len(self.young) >= RECENT_IDS_MAX:
            self.old, self.young = self.young, set()
        self.young.add(event_id)
        return True


DELAYED_MAX = 10_000
DEAD_LETTERS_KEPT_MAX = 200


class TooManyDelayed(PermanentFailure):
    """More deliveries wait for their time than a bus without a journal keeps."""


class NoJournal(PermanentFailure):
    """The state of a workflow was asked for on a bus that keeps nothing."""


class Volatile:
    """What a bus without a journal needs of one; an id is recognised for `RECENT_IDS_MAX` further events."""

    def __init__(self) -> None:
        self.recent = RecentIds()
        self.dead: deque[Settlement] = deque(maxlen=DEAD_LETTERS_KEPT_MAX)
        self._delayed: list[tuple[datetime, int, Delivery]] = []
        self._order = count()

    def claim(self) -> None:
        """Nobody else can reach it."""

    def append(self, outgoing: Outgoing, at: datetime) -> int | None:
        """Remember the id, and the deliveries of a delayed event."""
        if outgoing.due is not None and len(self._delayed) + len(outgoing.handlers) > DELAYED_MAX:
            raise TooManyDelayed(f"{len(self._delayed)} deliveries wait, the most is {DELAYED_MAX}")
        if not self.recent.add(outgoing.event.event_id):
            return None
        if outgoing.due is not None:
            for handler in outgoing.handlers:
                self._delay(outgoing.due, Delivery(0, outgoing.event, handler))
        return 0

    def settle(self, settlement: Settlement) -> tuple[int, ...]:
        """Delay what is tried again, keep what is dead for a while."""
        delivery = settlement.delivery
        if settlement.workflows:
            raise NoJournal(f"{delivery.handler} keeps workflow state on a bus without a journal")
        self._make_sure_of_room(settlement)
        if settlement.outcome is Outcome.DEAD:
            self.dead.append(settlement)
        elif settlement.due is not None and isinstance(delivery, Delivery):
            again = Delivery(0, delivery.event, delivery.handler, delivery.attempt + 1)
            self._delay(settlement.due, again)
        for outgoing in settlement.published:
            if self.append(outgoing, settlement.at) is None:
                raise SettlementRefused(f"event id {outgoing.event.event_id} is taken already")
        return (0,) * len(settlement.published)

    def undelivered(self) -> Sequence[Delivery | DamagedDelivery]:
        """Nothing outlives the process."""
        return ()

    def due(self, now: datetime) -> Sequence[Delivery]:
        """Take what is due by now."""
        taken: list[Delivery] = []
        while self._delayed and self._delayed[0][0] <= now and len(taken) < DUE_BATCH_MAX:
            taken.append(heapq.heappop(self._delayed)[2])
        return taken

    def next_due(self) -> datetime | None:
        """The earliest time that something waits for."""
        return self._delayed[0][0] if self._delayed else None

    def last_number(self) -> int:
        """Nothing is numbered."""
        return 0

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a delivery of this run waits for another attempt."""
        return any(
            waiting.attempt > 1 and waiting.correlation_id == correlation_id
            for _, _, waiting in self._delayed
        )

    def find_event(self, event_id: str) -> BaseEvent | None:
        """Always refused, as `workflow` is."""
        raise NoJournal(f"event {event_id} asked for on a bus without a journal")

    def run_events(self, correlation_id: str) -> Sequence[BaseEvent]:
        """Always refused, as `workflow` is."""
        raise NoJournal(f"events of run {correlation_id} asked for on a bus without a journal")

    def events_of_run(self, correlation_id: str) -> int:
        """No run has a past here."""
        return 0

    def workflow(self, workflow_id: str) -> WorkflowRecord | None:
        """Always refused: pretending that there is no state would start everything anew."""
        raise NoJournal(f"state of workflow {workflow_id} asked for on a bus without a journal")

    def _make_sure_of_room(self, settlement: Settlement) -> None:
        wanted = sum(len(out.handlers) for out in settlement.published if out.due is not None)
        wanted += settlement.due is not None
        if wanted and len(self._delayed) + wanted > DELAYED_MAX:
            raise TooManyDelayed(f"{len(self._delayed)} deliveries wait, the most is {DELAYED_MAX}")

    def _delay(self, due: datetime, delivery: Delivery) -> None:
        heapq.heappush(self._delayed, (due, next(self._order), delivery))
