"""How long something waits is time that passes, whoever sets the clock meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.trading.support.event_samples import NOW, Recorder, new_bus, quiet_log, request
from tests.trading.support.fakes import MONDAY as OPEN
from tests.trading.support.fakes import BrokerThrough, open_paper_broker
from tests.trading.support.planning import execute, plan_for
from tests.trading.support.set_clock import SetClock
from trading.broker.faults import Faults, OrdersOf
from trading.clock import PassingTime, SettableClock, SimulatedClock, SystemClock
from trading.domain.execution import OrderFate
from trading.events.bus.bus import EventBus, RunEnd
from trading.events.bus.handling import Handling
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.signals import SignalsRequested
from trading.ids import CountingIds

STEPS = [-86_400.0, -3600.0, -5.0, 0.0, 5.0, 3600.0, 86_400.0]

each_step = pytest.mark.parametrize("step_s", STEPS)


@pytest.fixture
def sqlite_journal(tmp_path: Path) -> Iterator[Journal]:
    journal = SqliteJournal(tmp_path / "journal.db", durable=False)
    yield journal
    journal.close()


@pytest.fixture(params=["no journal", "memory", "sqlite"])
def kept(request: pytest.FixtureRequest) -> Journal | None:
    """Where a bus keeps what waits."""
    if request.param == "sqlite":
        kept: Journal = request.getfixturevalue("sqlite_journal")
        return kept
    return MemoryJournal() if request.param == "memory" else None


def bus_by(clock: SetClock, kept: Journal | None) -> EventBus:
    return EventBus(clock=clock, ids=CountingIds(lambda: "bus"), journal=kept, log=quiet_log())


@each_step
def test_an_order_has_the_time_it_was_given_to_settle(step_s: float) -> None:
    """The order never fills; the market's own time stands still."""
    clock, market_time = SetClock(OPEN, step_s, after_s=2), SimulatedClock(OPEN)
    broker = open_paper_broker(market_time, {"AAA": "10"}, faults=Faults(delay_s={OrdersOf("AAA"): 900.0}))
    plan = plan_for(broker, {"AAA": "0.5"})
    [outcome] = execute(broker, clock, plan).outcomes
    assert outcome.fate is OrderFate.TIMED_OUT
    assert clock.passed_s == 60


@each_step
def test_an_order_that_fills_in_time_is_waited_for(step_s: float) -> None:
    clock, market_time = SetClock(OPEN, step_s, after_s=2), SimulatedClock(OPEN)
    paper = open_paper_broker(market_time, {"AAA": "10"}, faults=Faults(delay_s={OrdersOf("AAA"): 50.0}))

    class Following(BrokerThrough):
        def before(self, call: str) -> None:
            market_time.advance_to(OPEN + timedelta(seconds=clock.passed_s))

    result = execute(Following(paper), clock, plan_for(paper, {"AAA": "0.5"}))
    assert (result.success, clock.passed_s) == (True, 50)


@each_step
def test_a_failed_handler_is_tried_again_after_its_delay(kept: Journal | None, step_s: float) -> None:
    clock = SetClock(NOW, step_s, after_s=0.5)
    bus, called_at = bus_by(clock, kept), list[float]()

    def fail(_event: BaseEvent, _handling: Handling) -> None:
        called_at.append(clock.passed_s)
        if len(called_at) < 3:
            clock.sleep(1)
            raise OSError("broker is away")

    bus.subscribe(SignalsRequested, fail, name="fails twice")
    bus.publish(request("e-1"))
    assert bus.run_until(lambda: False) is RunEnd.IDLE
    assert called_at == [0, 2, 5]


@each_step
def test_what_is_delayed_is_delivered_when_so_much_time_has_passed(
    kept: Journal | None, step_s: float
) -> None:
    clock = SetClock(NOW, step_s, after_s=1)
    bus, recorder = bus_by(clock, kept), Recorder()
    bus.subscribe(SignalsRequested, recorder, name="recorder")
    bus.publish(request("e-1"), due=clock.now() + timedelta(seconds=600))
    clock.sleep(2)  # from now on it tells another time
    bus.publish(request("e-2"), due=clock.now() + timedelta(seconds=10))
    bus.run_until(lambda: len(recorder.got) == 1)
    assert (recorder.got[0].event_id, clock.passed_s) == ("e-2", 12)
    bus.run_until(lambda: False)
    assert clock.passed_s == 600


@each_step
def test_a_run_is_given_up_at_its_deadline(kept: Journal | None, step_s: float) -> None:
    clock = SetClock(NOW, step_s, after_s=45)
    bus = bus_by(clock, kept)
    bus.subscribe(SignalsRequested, Recorder(), name="recorder")
    bus.publish(request("e-1"), due=NOW + timedelta(hours=3))
    end = bus.run_until(lambda: False, deadline=clock.now() + timedelta(seconds=100))
    assert (end, clock.passed_s) == (RunEnd.DEADLINE, 100)


def test_only_a_clock_that_can_be_set_needs_another_scale() -> None:
    assert isinstance(SystemClock(), SettableClock)
    clock = SimulatedClock(NOW)
    time = PassingTime(clock)
    clock.sleep(1.25)
    assert time.now() == clock.now()
    assert time.at(NOW) == NOW


def test_a_later_process_goes_by_the_moment_that_was_kept(sqlite_journal: Journal) -> None:
    first = SetClock(NOW, 0.0, after_s=0)
    bus = bus_by(first, sqlite_journal)
    bus.subscribe(SignalsRequested, Recorder(), name="recorder")
    bus.publish(request("e-1"), due=NOW + timedelta(seconds=600))
    clock, recorder = SimulatedClock(NOW + timedelta(seconds=500)), Recorder()
    later = new_bus(sqlite_journal, clock=clock)
    later.subscribe(SignalsRequested, recorder, name="recorder")
    later.run_until(lambda: False)
    assert (len(recorder.got), clock.now()) == (1, NOW + timedelta(seconds=600))
