"""The bus of a process whose events are handled by others: it asks, looks on and waits."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from time import sleep as wait_for_others
from typing import Any, TypeVar

import structlog

from trading.clock import Clock
from trading.events.bus.bus import IdTaken, RunEnd
from trading.events.journal.records import Outgoing
from trading.events.journal.shared import SharedJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.relay.outbox import OutboxRelay
from trading.events.transport.port import TransportLost
from trading.ids import Ids

Event = TypeVar("Event", bound=BaseEvent)

POLL_S = 0.01
SEND_AGAIN_S = 1.0

log = structlog.get_logger(__name__)


class RemoteBus:
    """Publishes through the outbox, and sees in the journal what became of it.

    `names_of` gives the handlers of a class, in whichever process they are. `keep_time` is called when the
    others may have moved on, `look_after` about once a second of waiting. While it waits, real time passes:
    the others work in real time.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        journal: SharedJournal,
        relay: OutboxRelay,
        names_of: Callable[[type[BaseEvent]], tuple[str, ...]],
        keep_time: Callable[[], None],
        look_after: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._relay = relay
        self._names_of = names_of
        self._keep_time = keep_time
        self._look_after = look_after
        self._observers: list[Callable[[BaseEvent], None]] = []
        self._seen = journal.last_number()
        self._send_at = 0.0

    def observe(self, observer: Callable[[BaseEvent], None]) -> None:
        """Show every event that any process publishes from now on."""
        self._observers.append(observer)

    def stop_observing(self, observer: Callable[[BaseEvent], None]) -> None:
        """Show this observer no more."""
        self._observers.remove(observer)

    def emit(
        self,
        event_class: type[Event],
        *,
        correlation_id: str | None = None,
        due: datetime | None = None,
        **fields: Any,
    ) -> Event:
        """Build an event and publish it: kept in the journal first, then sent.

        While the broker cannot be reached it stays in the outbox, from where any process of this journal
        sends it later.
        """
        event = event_class(
            event_id=self._ids.new("event"),
            correlation_id=correlation_id or self._ids.new("workflow"),
            causation_id=None,
            timestamp=self._clock.now(),
            **fields,
        )
        if self._journal.append(Outgoing(event, self._names_of(event_class), due), self._clock.now()) is None:
            raise IdTaken(f"{event.event_id}: an event of this id is kept already; ids have to be fresh")
        self._send()
        return event

    def resume(self) -> None:
        """Claim the journal for asking, and send what an earlier process left in the outbox."""
        self._journal.claim()
        self._send()

    def run_until(self, done: Callable[[], bool], *, deadline: datetime | None = None) -> RunEnd:
        """Look on until it is done; the deadline is as far away as it is when this is called."""
        patience = None if deadline is None else (deadline - self._clock.now()).total_seconds()
        until = None if patience is None else monotonic() + patience
        while True:
            self._show()
            self._keep_time()
            if done():
                return RunEnd.DONE
            if until is not None and monotonic() >= until:
                return RunEnd.DEADLINE
            wait_for_others(POLL_S)
            if monotonic() >= self._send_at:
                self._send()
                self._look_after()

    def is_retrying(self, correlation_id: str) -> bool:
        """Whether a handler of any process has not yet handled an event of this run."""
        return self._journal.is_under_way(correlation_id, self._clock.now())

    def _show(self) -> None:
        for seq, _, event in self._journal.events_after(self._seen):
            self._seen = seq
            if event is not None:
                for observer in tuple(self._observers):
                    observer(event)

    def _send(self) -> None:
        try:
            self._relay.send_all()
        except TransportLost as lost:
            log.warning("outbox_not_sent", error=str(lost), again_in_s=SEND_AGAIN_S)
        self._send_at = monotonic() + SEND_AGAIN_S
