"""What a schedule of `explore trading.workflow` costs, beside the bare handlers from the same account.

CPU time of one process, in rounds that alternate; the least of each counts. Bare is the account copied as it
was before the session, a bus with all handlers, and the workflow run on it, without the toolkit. A schedule
is what `changeover explore` takes for each one beyond the first few, from the tape and with copies.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import changeover
from trading.clock import SimulatedClock
from trading.compat.history_source import FIRST
from trading.composition import TradingPath, build_bus, configure_logging, front_door, open_desk
from trading.desk import Desk
from trading.display import NoDisplay
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.workflow import WorkflowMode
from trading.handlers.entry_points import EventEntryPoints
from trading.ids import CountingIds
from trading.market.calendar import session_time
from trading.market.history import HistoricalMarketData, load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.settings import Settings

SESSION = date(2011, 8, 9)
FEW = 20


def account_before() -> Desk:
    """The account of `--source history` when that session is about to begin."""
    prices = load_bundled()
    days = [day for day in prices.sessions if FIRST <= day <= SESSION]
    now, notifier = session_time(days[0]), MemoryNotifier()
    desk = open_desk(Settings(), prices, account=None, now=now, notifier=notifier)
    door = front_door(desk, TradingPath.CANDIDATE, NoDisplay())
    for day in days:
        desk.clock.advance_to(session_time(day))
        if day != SESSION:
            door.execute_trading()
    return desk


def bare(desk: Desk, runs: int) -> float:
    """Seconds of CPU for one run of the handlers."""
    began = time.process_time()
    for _ in range(runs):
        clock = SimulatedClock(desk.clock.now())
        market = HistoricalMarketData(load_bundled(), clock)
        services = replace(
            desk.services,
            broker=desk.broker.copy(market=market, clock=clock),
            market=market,
            clock=clock,
            ids=CountingIds(lambda: "bare"),
            notifier=MemoryNotifier(),
        )
        bus = build_bus(services, desk.settings, MemoryJournal())
        entry = EventEntryPoints(desk.settings, services, NoDisplay(), bus)
        assert entry.run(WorkflowMode.FULL_TRADING, ignore_market_hours=False)["success"]
    return (time.process_time() - began) / runs


def explored(schedules: int, world: str) -> float:
    """Seconds of CPU for one exploration."""
    began = time.process_time()
    done = changeover.explore(
        "trading.workflow", run=f"history/{SESSION}", schedules=schedules, world=world, jobs=1
    )
    assert done.explorations[0].match == schedules, done
    return time.process_time() - began


def of_a_schedule(schedules: int, world: str) -> float:
    """What each one costs beyond the recording of the case and the first few."""
    return (explored(FEW + schedules, world) - explored(FEW, world)) / schedules


def main(arguments: Sequence[str]) -> int:
    """Print what each took, and how its rate stands to that of the bare handlers."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps explore-rate", description=__doc__)
    options.add_argument("--schedules", type=int, default=150)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args(arguments)
    configure_logging(written=False)
    desk, number = account_before(), chosen.schedules
    means: dict[str, Callable[[], float]] = {
        "bare handlers": lambda: bare(desk, number),
        "on the tape": lambda: of_a_schedule(number, "tape"),
        "with copies": lambda: of_a_schedule(number, "copy"),
    }
    found: dict[str, list[float]] = {name: [] for name in means}
    for _ in range(chosen.rounds):
        for name, measure in means.items():
            found[name].append(measure())
    least = {name: min(times) for name, times in found.items()}
    print(f"{number} of each, the least of {chosen.rounds} rounds")
    for name, seconds in least.items():
        ratio = least["bare handlers"] / seconds
        print(f"{name:14} {seconds * 1000:6.2f} ms of CPU, {ratio:.2f} of the bare handlers' rate")
    return 0
