"""A trading run in which one handler of the system fails."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.trading.support.desks import front_door, open_desk
from tests.trading.support.fakes import BrokerThrough
from tests.trading.support.handler_alone import SESSION
from trading.composition import TradingPath
from trading.desk import Desk
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.startup import StartupConfiguration, StartupEvent, StartupMode
from trading.events.messages.workflow import TradingWorkflowCompleted, WorkflowStepFailed
from trading.handlers.subscriptions import subscriptions
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.port import Notification
from trading.results import ResultDict
from trading.settings import Settings

ALWAYS = 1000
WHY = "a defect, on purpose"


class Failing:
    """A handler with a defect in its first so many calls, before or after it has done its work."""

    def __init__(self, handle: Callable[[Any, Handling], None], times: int, *, after: bool) -> None:
        self.calls = 0
        self._handle = handle
        self._times = times
        self._after = after

    def __call__(self, event: BaseEvent, handling: Handling) -> None:
        self.calls += 1
        fails = self.calls <= self._times
        if fails and not self._after:
            raise ZeroDivisionError(WHY)
        self._handle(event, handling)
        if fails:
            raise ZeroDivisionError(WHY)


@dataclass
class Run:
    """What there was to see."""

    desk: Desk
    went_well: bool
    results: ResultDict
    sent: list[Notification]
    calls: list[str]
    calls_at_the_end: int
    failing: dict[str, Failing]
    state: str = ""
    announced: list[WorkflowStepFailed] = field(default_factory=list)

    @property
    def orders(self) -> list[tuple[str, str, Decimal]]:
        """Symbol, side and quantity of all at the broker."""
        return [(order.symbol, order.side.value, order.quantity) for order in self.desk.broker.orders()]

    @property
    def dead(self) -> set[str]:
        """Handlers that gave up."""
        return {letter.handler for letter in self.desk.journal.dead_letters()}

    @property
    def submitted_after_the_end(self) -> list[str]:
        """What the broker was asked to do once the workflow had ended."""
        late = self.calls[self.calls_at_the_end :]
        return [call for call in late if call.startswith(("submit", "cancel"))]


def traded(defects: dict[str, int], *, after: bool = False) -> Run:
    """One trading run, the start of the process and the workflow's deadline, with these handlers failing."""
    settings = Settings()
    desk, sent = open_desk(settings, load_bundled(), SESSION)
    broker = BrokerThrough(desk.broker)
    services = replace(desk.services, broker=broker)
    bus = EventBus(clock=desk.clock, ids=services.ids, journal=desk.journal)
    failing = {}
    for event_class, handle, name in subscriptions(services, settings):
        if name in defects:
            handle = failing[name] = _under_the_name_of(handle, Failing(handle, defects[name], after=after))
        bus.subscribe(event_class, handle, name=name)
    desk = replace(desk, services=services, bus=bus)
    ends: list[int] = []
    announced: list[WorkflowStepFailed] = []

    def look(event: BaseEvent) -> None:
        if isinstance(event, TradingWorkflowCompleted):
            ends.append(len(broker.calls))
        elif isinstance(event, WorkflowStepFailed):
            announced.append(event)

    bus.observe(look)
    _start(bus)
    door = front_door(desk, TradingPath.CANDIDATE)
    went_well = door.execute_trading()
    assert door.results is not None
    desk.clock.advance_to(session_time(SESSION) + timedelta(hours=2))
    bus.run_until(lambda: False)  # deadlines, and what is still tried again
    (record,) = desk.journal.workflows()
    (at_the_end,) = ends
    return Run(
        desk, went_well, door.results, sent, broker.calls, at_the_end, failing, record.state, announced
    )


def _under_the_name_of(handle: Callable[..., None], failing: Failing) -> Failing:
    failing.__module__ = handle.__module__
    return failing


def _start(bus: EventBus) -> None:
    settings = Settings()
    bus.emit(
        StartupEvent,
        source_module=__name__,
        source_component="tests",
        startup_mode=StartupMode.TRADE,
        configuration=StartupConfiguration(
            "paper", "bundled", {}, settings.cash_reserve, settings.minimum_trade
        ),
    )
