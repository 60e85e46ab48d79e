"""A whole trading run on either path: one session of real prices, on an account that holds the day before.

Compare within one run of this file. Everything is made anew for each round, so neither path pays for what
earlier rounds left in memory.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from trading.composition import build_bus, compose_migration, configure_logging, open_desk, trading_system
from trading.desk import Desk
from trading.display import NoDisplay, Screen
from trading.entry_points import EntryPoints
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal
from trading.events.journal.sqlite import SqliteJournal
from trading.handlers.entry_points import EventEntryPoints
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.settings import Settings

ALL_OFF = Path(__file__).parents[1] / "tests" / "data" / "flags-all-off.json"
DAY_BEFORE, DAY = date(2011, 8, 9), date(2011, 8, 10)
ROUNDS = 80


@pytest.fixture(autouse=True)
def nothing_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the migration stands: else the direct calls would be those of the path on events."""
    monkeypatch.setenv("CHANGEOVER_FLAGS", str(ALL_OFF))
    compose_migration().look_again()


def desk_of_the_day_before() -> Desk:
    desk = open_desk(
        Settings(), load_bundled(), account=None, now=session_time(DAY_BEFORE), notifier=MemoryNotifier()
    )
    legacy(desk).execute_trading()
    desk.clock.advance_to(session_time(DAY))
    return desk


def legacy(desk: Desk) -> EntryPoints:
    return trading_system(desk, Screen(NoDisplay()))


def on_events(make_journal: Callable[[], Journal]) -> Callable[[Desk], EntryPoints]:
    def entry_points(desk: Desk) -> EntryPoints:
        bus = build_bus(desk.services, desk.settings, make_journal())
        return EventEntryPoints(desk.settings, desk.services, NoDisplay(), bus)

    return entry_points


PATHS: dict[str, Callable[[Desk], EntryPoints]] = {
    "legacy": legacy,
    "events, in-memory journal": on_events(MemoryJournal),
    "events, SQLite journal in memory": on_events(lambda: SqliteJournal(None)),
}


@pytest.mark.benchmark(group="one trading run")
@pytest.mark.parametrize("path", PATHS)
def test_one_trading_run(benchmark: BenchmarkFixture, path: str) -> None:
    configure_logging()

    def prepared() -> tuple[tuple[EntryPoints], dict[str, object]]:
        return (PATHS[path](desk_of_the_day_before()),), {}

    def trade(entry_points: EntryPoints) -> bool:
        return entry_points.execute_trading()

    assert benchmark.pedantic(trade, setup=prepared, rounds=ROUNDS)  # type: ignore[no-untyped-call]
