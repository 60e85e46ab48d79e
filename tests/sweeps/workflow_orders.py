"""Other orders of the events of trading workflows: a session, and one stress case of each tag, on copies."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import changeover

STRESS_CASES = 16
"""One of each tag of the stress source."""


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where something differs or was not compared."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps workflow-orders", description=__doc__)
    options.add_argument("--schedules", type=int, default=500)
    options.add_argument("--cases", type=int, default=STRESS_CASES, help="of the stress source")
    options.add_argument("--jobs", type=int, default=1)
    chosen = options.parse_args(arguments)
    began, wrong = time.perf_counter(), 0
    for seam in ("trading.workflow", "trading.signals"):
        for source, runs in (("history", 1), ("stress", chosen.cases)):
            wrong += explored(seam, source, runs, chosen.schedules, chosen.jobs)
    print(f"{wrong} wrong; {time.perf_counter() - began:.0f} s")
    return 1 if wrong else 0


def explored(seam: str, source: str, runs: int, schedules: int, jobs: int) -> int:
    """How many cases differ, or were not compared."""
    wrong = 0
    done = changeover.explore(seam, source=source, runs=runs, schedules=schedules, world="copy", jobs=jobs)
    for one in done.explorations:
        differ = one.unsafe + one.diverged
        wrong += bool(differ or one.not_compared)
        print(
            f"{seam} {one.case}: {one.orders} orders, {one.tried:,} tried, {differ:,} differ, "
            f"{one.not_compared:,} not compared"
        )
        for reason, number in one.reasons.items():
            print(f"    {number:,}: {reason}")
        for found in one.found:
            print(f"    {found.fingerprint.place} {found.fingerprint.kind} {found.schedule}")
            print(*(f"        {event}" for event in found.events), sep="\n")
    return wrong
