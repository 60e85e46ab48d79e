"""Programs whose processes end in every way there is: is each run that they offered kept, or counted as lost?

Each way runs a program of its own, one process or several, with so many runs in shadow, of which each
fiftieth differs. What is kept and what is counted as lost are held against the program's own notes: together
they are what was offered, exactly, and nothing is lost where the disk could be written. Then programs are
killed at random moments, and what one left is cut at random places, as by a loss of power.
"""

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec

from tests.changeover.support.ending_programs import WAYS, Way
from tests.changeover.support.process_ends import (
    Figures,
    end_program,
    figures,
    open_folder,
    run_way,
    without_power,
)

PORT = 18_400
FULL_TMPFS = "a full disk of its own, os._exit"
KILLED, POWERLESS = "SIGKILL at random moments", "a loss of power"
LATEST_KILL_S = 2.0


def tell(name: str, found: Figures, problem: str | None) -> bool:
    """One row; whether all is well."""
    numbers = (found.answered, found.kept, found.lost, found.differed, found.kept_differing)
    print(" | ".join(("|", name, *map(str, numbers), problem or ""))[2:].rstrip(), flush=True)
    return problem is None


def sweep_way(name: str, way: Way, runs: int, port: int) -> bool:
    """Try one of the ways; one whose library is missing is named, and nothing is wrong."""
    missing = [module for module in way.needs if find_spec(module) is None]
    if missing:
        print(f"| {name} | not tried: {', '.join(missing)} is not installed |")
        return True
    with open_folder() as folder:
        found = run_way(way, folder, runs, port=port)
        return tell(name, found, found.problem(may_lose=way.may_lose, is_cut=way.is_cut))


def sweep_full_disk(runs: int) -> bool:
    """A file system that is really full, where this user may mount one; it has room again when it is read."""
    with open_folder() as folder:
        state = folder / ".changeover"
        state.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={700 * runs}", "tmpfs", str(state)]
        if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
            print(f"| {FULL_TMPFS} | not tried: needs to mount one |")
            return True
        try:
            end_program(WAYS["os._exit"], folder, runs)
            subprocess.run(["mount", "-o", "remount,size=1g", str(state)], check=True)
            found = figures(folder)
        finally:
            subprocess.run(["umount", str(state)], check=True)
        return tell(FULL_TMPFS, found, found.problem(may_lose=True))


def sweep_kills(rounds: int, runs: int, drawn: random.Random) -> bool:
    """Processes killed while they work: what had its answer is kept, what was under way may be or not."""
    wrong, total = [], Figures(0, 0, 0, 0, 0, 0)
    for _ in range(rounds):
        with open_folder() as folder:
            way = WAYS["SIGKILL at any moment"]
            found = run_way(way, folder, runs, after_s=drawn.uniform(0.001, LATEST_KILL_S))
            problem = found.problem(is_cut=True)
            wrong += [] if problem is None else [problem]
            total = total.plus(found)
    return tell(f"{KILLED}, {rounds} times", total, "; ".join(wrong) or None)


def sweep_power(rounds: int, runs: int, drawn: random.Random) -> bool:
    """What a program left, cut at random places of what the disk had not been told to keep."""
    wrong, total = [], Figures(0, 0, 0, 0, 0, 0)
    with open_folder() as folder:
        end_program(WAYS["SIGKILL"], folder, runs)
        for number in range(rounds):
            state = folder / f"without power {number}"
            without_power(folder, state, drawn.random())
            found = figures(folder, state)
            problem = found.problem(may_lose=True)
            wrong += [] if problem is None else [problem]
            total = total.plus(found)
    return tell(f"{POWERLESS}, {rounds} cuts", total, "; ".join(wrong) or None)


def main(arguments: Sequence[str]) -> int:
    """Print a table, and give 1 where a run was neither kept nor counted."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps ends", description=__doc__)
    options.add_argument("--runs", type=int, default=1000, help="of each program")
    options.add_argument("--rounds", type=int, default=20, help="kills and cuts at random")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="the ways whose names have this in them")
    chosen = options.parse_args(arguments)
    drawn = random.Random(chosen.seed)  # noqa: S311  (which moments are tried is no secret)
    print("| how it ends | offered | kept | lost | of them differing | kept |")
    print("|---|---|---|---|---|---|")
    tries: dict[str, Callable[[], bool]] = {
        name: partial(sweep_way, name, way, chosen.runs, PORT + number)
        for number, (name, way) in enumerate(WAYS.items())
        if not way.is_cut
    }
    tries[FULL_TMPFS] = partial(sweep_full_disk, chosen.runs)
    tries[KILLED] = partial(sweep_kills, chosen.rounds, chosen.runs, drawn)
    tries[POWERLESS] = partial(sweep_power, chosen.rounds, chosen.runs, drawn)
    well = [tried() for name, tried in tries.items() if chosen.only in name]
    print(f"\n{len(well)} ways, {well.count(False)} wrong")
    return 0 if all(well) else 1
