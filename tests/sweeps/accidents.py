"""Every accident of the catalogue planted, and the command that catches it run: what it says, and of what.

The same cases are compared with nothing planted: then nothing may be shown.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.accidents.accident import COMPARE
from tests.accidents.catalogue import FILES
from tests.accidents.measuring import CLEAN, compare, explores
from tests.accidents.page import write_page
from tests.accidents.table import Measured, measure, table

RUNS = 16  # every tag once


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where an accident is not caught as expected, or the clean program alarms."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps accidents", description=__doc__)
    options.add_argument("--only", type=int, action="append", choices=[*FILES], metavar="N")
    options.add_argument("--fail-fast", action="store_true", help="end each at the first case that differs")
    options.add_argument("--runs", type=int, default=RUNS, help="cases of each comparison")
    options.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    options.add_argument(
        "--write", action="store_true", help="write docs/accidents.md; takes results as well"
    )
    chosen = options.parse_args(arguments)
    if chosen.write and (chosen.only or chosen.fail_fast):
        options.error("--write was given with --only or --fail-fast, allowed: alone, the page has all of it")
    began = time.perf_counter()
    take = partial(measure, runs=chosen.runs, fail_fast=chosen.fail_fast, results_too=chosen.write)
    with ThreadPoolExecutor(chosen.jobs) as pool:
        clean = pool.submit(compare, CLEAN, COMPARE, chosen.runs, fail_fast=False)
        explored = pool.submit(explores, CLEAN, chosen.runs) if chosen.write else None
        done: list[Measured] = []
        for one in pool.map(take, chosen.only or FILES):
            done.append(one)
            print(table([one]))
    alarms = len(clean.result().clusters) + clean.result().not_compared
    if explored is not None and (seam := explored.result()) is not None:
        print(f"clean      explore {seam} differs")
        alarms += 1
    caught = [one for one in done if not one.problems]
    plain = sum(one.accident.command == COMPARE for one in caught)
    print(f"caught     {len(caught)} of {len(done)} as expected, {plain} by changeover {' '.join(COMPARE)}")
    print(f"clean      {alarms} alarms in {clean.result().runs} comparisons")
    print(f"seconds    {time.perf_counter() - began:.0f}, {chosen.jobs} at a time")
    if chosen.write and not alarms:
        write_page(done, clean.result())
    return 1 if alarms or len(caught) < len(done) else 0
