"""Orders of events: ten planted faults, each found and made small, and a service that has none.

On the foreign bus of the tests every fault is explored with several seeds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from changeover.evidence.sources import SourceOptions
from changeover.explore.exploration import Exploration, Explorer
from changeover.explore.recorded import recorded_cases
from tests.changeover.support.order_faults import FAULTS, Service, depot_migration

EVENTS_MAX = 4


def main(arguments: Sequence[str]) -> int:
    """Print what was found, and 1 where a fault was missed or is too large, or a match is none."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps orders", description=__doc__)
    options.add_argument("--schedules", type=int, default=500)
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args(arguments)
    began, wrong = time.perf_counter(), 0
    for seed in range(chosen.seeds):
        sound = explored(Service, chosen.schedules, seed)
        wrong += bool(sound.found or sound.not_compared)
        print(f"seed {seed}  sound: {sound.match:,} of {sound.tried:,} match, {sound.orders} orders")
        for fault in FAULTS:
            done = explored(fault, chosen.schedules, seed)
            sizes = [len(one.schedule) for one in done.found]
            is_found = bool(sizes) and min(sizes) >= 1 and max(sizes) <= EVENTS_MAX
            wrong += not is_found
            smallest = min((str(one.schedule) for one in done.found), key=len, default="-")
            print(
                f"  {'ok' if is_found else 'MISSED'}  {fault.__name__:<28} {len(sizes)} clusters, {smallest}"
            )
    print(f"{wrong} wrong; {time.perf_counter() - began:.0f} s")
    return 1 if wrong else 0


def explored(make: type[Service], schedules: int, seed: int) -> Exploration:
    """The one case of the depot."""
    migration = depot_migration(make)
    source = migration.sources.named("orders")
    for one in recorded_cases(migration, source, SourceOptions(), "depot.ship", None, None):
        explorer = Explorer(
            one.recording,
            inside_loop=one.inside_loop,
            case=one.name,
            seed=seed,
            jobs=1,
            told=lambda _: None,
            is_stopped=lambda: False,
        )
        return explorer.explore(schedules)
    raise AssertionError
