"""The old entry points on events, run after run on one bus."""

import gc
from decimal import Decimal
from weakref import ref

from tests.trading.support.desks import SMALL_STRATEGIES, made_prices, open_desk, weekdays
from trading.display import NoDisplay
from trading.events.messages.envelope import BaseEvent
from trading.handlers.entry_points import EventEntryPoints
from trading.settings import Settings

DAYS = weekdays(30)
PRICES = made_prices({name: [Decimal(100 + day % 7) for day in range(30)] for name in ("AAA", "BBB", "CCC")})


def test_a_bus_keeps_nothing_of_those_who_ran_on_it() -> None:
    desk, _ = open_desk(Settings.model_validate({"strategies": SMALL_STRATEGIES}), PRICES, DAYS[10])
    with desk:
        entry_points = EventEntryPoints(desk.settings, desk.services, NoDisplay(), desk.bus)
        assert entry_points.analyze_signals()
        assert entry_points.analyze_signals()
        gone = ref(entry_points._collected)
        del entry_points
        gc.collect()
        assert gone() is None


def test_an_observer_that_stopped_sees_no_more() -> None:
    desk, _ = open_desk(Settings.model_validate({"strategies": SMALL_STRATEGIES}), PRICES, DAYS[10])
    seen: list[BaseEvent] = []
    with desk:
        entry_points = EventEntryPoints(desk.settings, desk.services, NoDisplay(), desk.bus)
        desk.bus.observe(seen.append)
        entry_points.analyze_signals()
        before = len(seen)
        desk.bus.stop_observing(seen.append)
        entry_points.analyze_signals()
    assert len(seen) == before > 0
