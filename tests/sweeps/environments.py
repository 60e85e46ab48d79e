"""The same code where the process that answered was otherwise than the worker's, in one thing at a time.

Each shape has a process that answers, with a planted difference and without; one worker judges all of them.
Nothing may be shown that nobody planted, nothing planted may be a match, and no phase may move.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from changeover.evidence.store.records import StoredRun
from tests.changeover.support.environment_shapes import ENVIRONMENTS
from tests.changeover.support.isolation_page import write_table
from tests.changeover.support.other_environments import (
    PLANTED,
    STAGE,
    Asked,
    answer,
    judged,
    open_project,
    problems,
)

TABLE = "environments"


def table(runs: Mapping[Asked, StoredRun]) -> str:
    """One row for each shape."""
    lines = ["| what is otherwise | the same code | with a planted difference |", "|---|---|---|"]
    for name, shape in ENVIRONMENTS.items():
        if shape.is_here:
            told = " | ".join(_told(runs.get((name, planted))) for planted in (0, PLANTED))
            lines.append(f"| {name} | {told} |")
    return "\n".join(lines) + "\n"


def _told(run: StoredRun | None) -> str:
    if run is None:
        return "none"
    return str(run.verdict) + (f": {str(run.reason).partition(':')[0]}" if run.reason else "")


def main(arguments: Sequence[str]) -> int:
    """Print the table, or write it into the page; 1 where something is shown that must not be."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps environments", description=__doc__)
    options.add_argument("--only", default="", help="the shapes whose names have this in them")
    options.add_argument("--write", action="store_true", help="put the table into docs/isolation.md")
    chosen = options.parse_args(arguments)
    names = [name for name, shape in ENVIRONMENTS.items() if chosen.only in name and shape.is_here]
    with TemporaryDirectory() as folder:
        project = open_project(Path(folder))
        for name in names:
            answer(project, [name], planting=True)
        runs = judged(project)
        wrong = problems(runs)
        if project.setting() != STAGE:
            wrong.append(f"the phase moved to {project.setting()}")
    if chosen.write:
        write_table(TABLE, table(runs))
    else:
        print(table(runs))
    for problem in wrong:
        print(problem)
    print(f"{len(names)} shapes, {len(wrong)} wrong")
    return 1 if wrong else 0
