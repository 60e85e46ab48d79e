"""Every hostile path there is, replayed by a worker: what each left in the world and in the program.

Each is done by a process with nothing around it first, so that what it leaves is seen where nothing keeps it
from that; then by replays of a worker, at each level of isolation. After each of them the program is asked
what it sees of itself, and a calm call has to be judged. What is there to be counted is counted from outside:
listeners, files, the table of processes.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from changeover.operate.confinement import isolation_here
from tests.changeover.support.hostile_program import CALM, Hostile, Left
from tests.changeover.support.hostile_service import PATHS
from tests.changeover.support.isolation_page import write_table

ALONE = "alone"
LEVELS: dict[str, tuple[str, ...]] = {
    "net": ("limits", "landlock", "seccomp"),
    "limits": ("landlock", "seccomp"),
    "landlock": ("seccomp",),
    "seccomp": (),
}
"""Each with what the system has not."""
UNAVOIDABLE = frozenset({"writes to memory of the import that is shared"})
"""Memory that the program shared with other processes when it was imported; docs/isolation.md says so."""
TABLE = "hostile"
Found = dict[str, dict[str, Left]]


def sweep(names: Iterable[str], levels: Sequence[str]) -> Found:
    """What each path left, by path and level."""
    found: Found = {name: {} for name in names}
    for level in levels:
        with TemporaryDirectory() as folder:
            hostile = Hostile(Path(folder))
            try:
                hostile.start()
                _at(hostile, level, found)
            finally:
                hostile.close()
    return found


def _at(hostile: Hostile, level: str, found: Found) -> None:
    def one(name: str) -> None:
        left = found[name][level] = hostile.alone(name) if level == ALONE else hostile.replayed(name)
        _tell(f"{level}: {name}: {_cell(left)}; {_run(left)}")
        if left.program:
            hostile.start()

    if level == ALONE:
        for name in found:
            one(name)
        return
    with hostile.worker(LEVELS[level]):
        for name in found:
            one(name)


def wrong(name: str, left: Left) -> list[str]:
    """What must not be, where all levels are in force."""
    said = []
    if left.program:
        said.append(f"left in the program: {left.program}")
    if left.traces and name not in UNAVOIDABLE:
        said.append(f"left in the world: {left.traces}")
    if left.run is None or left.run.verdict == "match":
        said.append(f"was judged: {left.run and left.run.verdict}")
    if left.next_run is None or left.next_run.verdict != "match":
        said.append(f"the next run: {left.next_run and left.next_run.verdict}")
    return said


def table(found: Found, levels: Sequence[str]) -> str:
    """The table of the page, and what leaves nothing anywhere."""
    heads = [
        level if level == ALONE else ", ".join([*LEVELS][: [*LEVELS].index(level) + 1]) for level in levels
    ]
    lines = [f"| what the path does | {' | '.join(heads)} | its run |", "|---|" + "---|" * (len(levels) + 1)]
    quiet: dict[str, list[str]] = {}
    for name, by_level in found.items():
        run = _run(by_level[levels[-1]])
        if any(left.traces or left.program for left in by_level.values()):
            lines.append(f"| {name} | {' | '.join(_cell(by_level[level]) for level in levels)} | {run} |")
        else:
            quiet.setdefault(run, []).append(name)
    lines += ["", "Of these nothing was seen, alone or replayed, by what became of the run:", ""]
    lines += [f"- {run}: {', '.join(names)}." for run, names in sorted(quiet.items())]
    return "\n".join(lines) + "\n"


def totals(found: Found, levels: Sequence[str]) -> str:
    """How many left something, at each level."""
    lines = ["| | " + " | ".join(levels) + " |", "|---|" + "---|" * len(levels)]
    lefts = [[by_level[level] for by_level in found.values()] for level in levels]
    numbers = {
        "in the program": [sum(bool(left.program) for left in column) for column in lefts],
        "in the world": [sum(bool(left.traces) for left in column) for column in lefts],
    }
    for what, row in numbers.items():
        lines.append(f"| {what} | " + " | ".join(f"{number} of {len(found)}" for number in row) + " |")
    return "\n".join(lines) + "\n"


def _cell(left: Left) -> str:
    parts = [f"program: {', '.join(sorted(left.program))}"] if left.program else []
    return "; ".join([*parts, *left.traces])


def _run(left: Left) -> str:
    """The verdict, and of a reason what does not differ from path to path."""
    if left.run is None:
        return "none"
    return (
        f"{left.run.verdict}: {left.run.reason.partition(':')[0]}"
        if left.run.reason
        else str(left.run.verdict)
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Print the tables, or write them into the page; 1 where something was left that must not be."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps hostile-worker", description=__doc__)
    options.add_argument("--only", default="", help="the paths whose names match this")
    options.add_argument("--levels", nargs="*", choices=[ALONE, *LEVELS], default=[ALONE, *LEVELS])
    options.add_argument("--write", action="store_true", help="put the tables into docs/isolation.md")
    chosen = options.parse_args(arguments)
    names = [name for name in PATHS if re.search(chosen.only, name) and name != CALM]
    here, started = isolation_here(), time.monotonic()
    found = sweep(names, chosen.levels)
    text = f"{totals(found, chosen.levels)}\n{table(found, chosen.levels)}"
    if chosen.write:
        write_table(TABLE, text)
    else:
        print(text)
    last = chosen.levels[-1]
    problems = [
        f"{name}: {said}"
        for name, by_level in found.items()
        for said in (wrong(name, by_level[last]) if set(LEVELS) <= {*here} and last != ALONE else ())
    ]
    for problem in problems:
        print(problem)
    seconds = time.monotonic() - started
    print(f"{len(found)} paths, levels here: {', '.join(here)}; {len(problems)} wrong; {seconds:.0f} s")
    return 1 if problems else 0
