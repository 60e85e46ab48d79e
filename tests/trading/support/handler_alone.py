"""Handlers called one by one, without a bus, on a journal in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from tests.trading.support.desks import front_door, open_desk
from trading.composition import TradingPath
from trading.desk import Desk
from trading.events.bus.handling import Handling
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.records import Outgoing, WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.handlers.progress import WorkflowProgress
from trading.ids import CountingIds
from trading.market.history import load_bundled
from trading.notify.port import Notification
from trading.settings import Settings

Event = TypeVar("Event", bound=BaseEvent)

SESSION = date(2011, 8, 9)
RUN = "run-1"


class Alone:
    """Delivers like a bus, one event to one handler at a time; what a handler that raises did is dropped."""

    def __init__(self, desk: Desk, sent: list[Notification] | None = None) -> None:
        self.desk = desk
        self.sent = sent or []
        self.journal = MemoryJournal()
        self.published: list[BaseEvent] = []
        self.due: list[tuple[BaseEvent, datetime]] = []
        self._ids = CountingIds(lambda: "alone")

    def event(self, event_class: type[Event], *, run: str = RUN, **fields: Any) -> Event:
        return event_class(
            event_id=self._ids.new("made"),
            correlation_id=run,
            causation_id=None,
            timestamp=self.desk.clock.now(),
            source_module="tests",
            source_component="alone",
            **fields,
        )

    def deliver(
        self, handle: Callable[[Any, Handling], None], event: BaseEvent, *, redelivered: bool = False
    ) -> list[BaseEvent]:
        """What the handler published."""
        now = self.desk.clock.now()
        self.journal.append(Outgoing(event, ()), now)
        handling = Handling(
            event,
            clock=self.desk.clock,
            ids=self._ids,
            ledger=self.journal,
            source=("tests", "alone"),
            redelivered=redelivered,
        )
        handle(event, handling)
        for record in handling.kept:
            self.journal.keep(record)
        published = [event for event, _ in handling.published]
        for each in published:
            self.journal.append(Outgoing(each, ()), now)
        self.published += published
        self.due += [(event, due) for event, due in handling.published if due is not None]
        return published

    def of_type(self, event_class: type[Event]) -> list[Event]:
        """What was published of one class so far."""
        return [event for event in self.published if isinstance(event, event_class)]

    def record(self, run: str = RUN) -> WorkflowRecord:
        record = self.journal.workflow(run)
        assert record is not None
        return record

    def progress(self, run: str = RUN) -> WorkflowProgress:
        return WorkflowProgress.from_json(self.record(run).body)


@contextmanager
def alone(**settings: Any) -> Iterator[Alone]:
    """On a fresh account of real prices."""
    desk, sent = open_desk(Settings.model_validate(settings), load_bundled(), SESSION)
    with desk:
        found = Alone(desk)
        found.sent = sent
        yield found


def recorded_run(**settings: Any) -> list[BaseEvent]:
    """All events of one trading run on a fresh account, in the order of publication."""
    desk, _ = open_desk(Settings.model_validate(settings), load_bundled(), SESSION)
    with desk:
        front_door(desk, TradingPath.CANDIDATE).execute_trading()
        (record,) = desk.journal.workflows()
        return [each.event for each in desk.journal.events(record.workflow_id) if each.event is not None]
