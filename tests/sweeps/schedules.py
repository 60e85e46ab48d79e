"""Seeded schedules of a bus with loss, delay, duplicates and restarts, ending in a quiet phase.

Each schedule disturbs runs of two accounts in memory: signals alone, a full run, and a run with nothing left
to trade; and the same where the broker does not tell its positions, so that they fail. When it is quiet
everything must have finished as it does undisturbed: the same final states, the same orders once each, the
same notifications once each, nothing undelivered.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from tests.trading.support.chance import Chance
from tests.trading.support.deaths import PRICES, SECOND, settings_with
from tests.trading.support.desks import front_door, open_desk
from tests.trading.support.forked import try_all
from trading.composition import TradingPath, configure_logging
from trading.events.bus.deliveries import Deliveries
from trading.screens.progress import show_progress

DISTURBANCES = 40
FAULTS: dict[str, dict[str, list[str]]] = {"none": {}, "no positions": {"outage_methods": ["positions"]}}
Ended = tuple[object, ...]


@contextmanager
def disturbed(chance: Chance) -> Iterator[None]:
    """Every bus of this process delivers by chance."""
    drain = Deliveries.drain
    setattr(Deliveries, "drain", lambda deliveries: chance.drain(deliveries))  # noqa: B010
    try:
        yield
    finally:
        setattr(Deliveries, "drain", drain)  # noqa: B010


def ended(faults: str) -> Ended:
    """What three runs leave: states, orders, names, notifications, and what is undelivered or dead."""
    desk, sent = open_desk(settings_with(**FAULTS[faults]), PRICES, SECOND)
    with desk:
        door = front_door(desk, TradingPath.CANDIDATE)
        told = (door.analyze_signals(), door.execute_trading(), door.execute_trading(again=True))
        orders = desk.broker.orders()
        return (
            told,
            tuple(record.state for record in desk.journal.workflows()),
            tuple(sorted((one.symbol, one.side, one.quantity, one.status) for one in orders)),
            len({one.client_order_id for one in orders}) == len(orders),
            tuple(message.subject for message in sent),
            len(desk.journal.undelivered()),
            len(desk.journal.dead_letters()),
        )


@cache
def undisturbed(faults: str) -> Ended:
    """The same without a schedule."""
    return ended(faults)


def try_schedule(seed: int, disturbances: int = DISTURBANCES) -> tuple[int, Counter[str], str]:
    """What a schedule did, and what ended otherwise than undisturbed; empty where nothing did."""
    wrong = []
    done = Counter[str]()
    for faults in FAULTS:
        expected, chance = undisturbed(faults), Chance(seed, disturbances)
        with disturbed(chance):
            found = ended(faults)
        done += chance.done
        if found != expected:
            wrong.append(f"schedule {seed}, faults {faults}: {found}, expected {expected}")
    return seed, done, "\n".join(wrong)


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where something ended otherwise."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps schedules", description=__doc__)
    options.add_argument("--schedules", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1, help="of the first; each next one has the next")
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    configure_logging(written=False)
    seeds = range(chosen.seed, chosen.seed + chosen.schedules)
    tries = try_all(try_schedule, seeds, DISTURBANCES, chosen.jobs)
    tried = list(show_progress(tries, len(seeds), label=lambda one: f"schedule {one[0]}"))
    did = sum((done for _, done, _ in tried), Counter[str]())
    wrong = [problem for *_, problem in tried if problem]
    print(f"schedules     {len(tried):,}, seeds {seeds.start} to {seeds.stop - 1}")
    print("did           " + ", ".join(f"{number:,} {what}" for what, number in did.most_common() if what))
    print(f"ended wrong   {len(wrong):,}")
    print("\n".join(wrong))
    return 1 if wrong else 0
