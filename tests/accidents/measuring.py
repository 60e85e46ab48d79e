"""Runs the command that catches an accident, in a process of its own, with the accident planted there."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from changeover.errors import ExitCode
from tests.accidents.accident import COMPARE
from tests.accidents.outcome import Outcome
from tests.programs.process import JSON, run_python

ROOT = Path(__file__).parents[2]
CLEAN = 0
"""The number under which nothing is planted."""
EXPLORED = ("trading.workflow", "trading.signals", "entry.execute-trading", "entry.analyze-signals")
"""The seams whose candidate's events have an order that a schedule can change."""
SCHEDULES = 6
PATIENCE_S = 900
JUDGED = (ExitCode.YES, ExitCode.NO, ExitCode.INCONCLUSIVE)


class NotMeasured(Exception):
    """A command ended without an answer; the text is what it said."""


def compare(number: int, command: Sequence[str], runs: int, *, fail_fast: bool) -> Outcome:
    """What the command shows of so many cases; `fail_fast` ends it at the first one that differs.

    On copies a path goes on as in the world, and of one run nobody can say which difference led to which: a
    comparison on copies is always that of all cases.
    """
    if fail_fast and command == COMPARE:
        first = _run(number, (*command, "--runs", str(runs), "--fail-fast"))
        if first.clusters or not first.not_compared:
            return first
    return _run(number, (*command, "--runs", str(runs)))


def compares_results(number: int, runs: int) -> frozenset[str]:
    """The seams at which a comparison of results alone sees a difference."""
    said = _output("tests.accidents.results_only", str(number), str(runs))
    return frozenset(json.loads(said.stdout))


def explores(number: int, runs: int) -> str | None:
    """The first seam at which a schedule of any case differs from legacy, or None where none does.

    Each case is explored on copies, that paths may go on: the usual order, a few others, and a few that are
    drawn with deliveries twice and restarts.
    """
    for seam in EXPLORED:
        command = ("explore", seam, "--source", "stress", "--runs", str(runs))
        more = ("--schedules", str(SCHEDULES), "--world", "copy", "--format", "json")
        if json.loads(_output("tests.accidents", str(number), *command, *more).stdout)["divergences"]:
            return seam
    return None


def _run(number: int, command: Sequence[str]) -> Outcome:
    began = time.perf_counter()
    done = _output("tests.accidents", str(number), *command, "--format", "json")
    (comparison,) = json.loads(done.stdout)["comparisons"]
    return Outcome.of(done.returncode, comparison, time.perf_counter() - began)


def _output(*module: str) -> subprocess.CompletedProcess[str]:
    done = run_python(["-m", *module], loads=JSON, cwd=ROOT, encoding="utf-8", timeout=PATIENCE_S)
    if done.returncode not in JUDGED:
        raise NotMeasured(f"{' '.join(module)} exited with {done.returncode}: {done.stderr[-2000:]}")
    return done
