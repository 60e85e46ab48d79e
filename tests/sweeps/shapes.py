"""Ordinary shapes of programs: the same code never differs, and a planted change is never a match.

Every shape of the table runs in `shadow` and in `live`, inline and in the background, with the same code on
both sides and with each of its planted changes in the candidate.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from changeover import Migration, Run
from changeover.compare.rules import Rules
from changeover.compare.rules_file import load_rules
from changeover.seam.judge import comparing_judge
from changeover.values.limits import Limits
from changeover.values.verdict import Verdict
from tests.changeover.support.program_shapes import SHAPES, Shape
from tests.changeover.support.program_shapes.shape import shop_of

STAGES = ("shadow", "live")
FALSE_ALARMS = frozenset({Verdict.DIVERGED, Verdict.UNSAFE})
LATE_S = 0.03
WAITED_S = 60.0
SHOWN_MAX = 40


@dataclass(frozen=True)
class Trial:
    """One shape at one stage in one mode, with nothing or one change planted."""

    shape: Shape
    stage: str
    mode: str
    planted: str

    def __str__(self) -> str:
        return f"{self.shape.name} {self.planted or 'same code'} {self.stage} {self.mode}"


def trials(shapes: Iterable[Shape]) -> Iterator[Trial]:
    """Every one that makes sense."""
    for shape in shapes:
        for stage in STAGES:
            for mode in shape.modes:
                for planted in ("", *shape.planted):
                    yield Trial(shape, stage, mode, planted)


def runs_of(trial: Trial, count: int) -> list[Run]:
    """What `count` calls of the program gave; whatever a call raises is the program's own."""
    kept: dict[str, Run] = {}
    variables = {"CHANGEOVER_STAGE_S": trial.stage, "CHANGEOVER_STAGE_INNER": "off"}
    judge = comparing_judge(rules_of(trial.shape.rules)) if trial.shape.rules else None
    migration = Migration(
        environment=variables,
        sink=lambda run: kept.__setitem__(run.id, run),
        mode=trial.mode,
        judge=judge,
        limits=Limits(record_seconds_max=60.0),  # a busy machine is no reason to fail
    )
    call = trial.shape.declare(migration, shop_of(migration), trial.planted)
    try:
        if trial.shape.is_async:
            asyncio.run(_awaited(trial, call, count))
        else:
            for number in range(count):
                _called(call, number)
            if trial.shape.late:
                time.sleep(LATE_S)
    finally:
        if migration.runtime.background is not None:
            migration.runtime.background.wait(WAITED_S)  # a busy machine is no reason to drop a run
        migration.close()
        getattr(call, "close", lambda: None)()
    return [run for run in kept.values() if run.seam == "s"]


def rules_of(text: str) -> Rules:
    """The rules that stand in a text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.toml"
        path.write_text(text, "utf-8")
        return load_rules(path, today=date(2024, 1, 1))


def _called(call: Any, number: int) -> None:
    with suppress(Exception):  # the program's own
        call(number)


async def _awaited(trial: Trial, call: Any, count: int) -> None:
    for number in range(count):
        with suppress(Exception):  # the program's own
            await call(number)
    if trial.shape.late:
        await asyncio.sleep(LATE_S)


def wrong(trial: Trial, run: Run) -> bool:
    """Whether the run says what it must never say of this trial."""
    shape, named = trial.shape, run.verdict is Verdict.FAILED and bool(run.reason)
    if trial.planted:
        may_fail = shape.expected is not None or trial.planted in shape.failed
        return run.verdict not in FALSE_ALARMS and not (named and may_fail)
    if shape.expected is None:
        return run.verdict is not Verdict.MATCH
    return not (named and shape.expected in str(run.reason))


@dataclass
class Figures:
    """What the runs said."""

    same: Counter[str]
    planted: Counter[str]
    reasons: Counter[str]
    wrong: Counter[str]
    runs: int = 0

    def add(self, trial: Trial, runs: Sequence[Run], count: int) -> None:
        """Count the runs of one trial."""
        (self.planted if trial.planted else self.same).update(run.verdict.value for run in runs)
        self.runs += len(runs)
        if len(runs) < count:
            self.wrong[f"{trial}: {len(runs)} runs of {count}"] += 1
        for run in runs:
            if run.verdict is Verdict.FAILED:
                self.reasons[trial.shape.name] += 1
            if wrong(trial, run):
                found = ", ".join(f"{one.kind.value} {one.place}" for one in run.divergences[:2])
                self.wrong[f"{trial}: {run.verdict.value} {(run.reason or '')[:200]} {found}"] += 1


def swept(chosen: Iterable[Trial], count: int) -> Figures:
    """The figures of these trials."""
    figures = Figures(Counter(), Counter(), Counter(), Counter())
    for trial in chosen:
        figures.add(trial, runs_of(trial, count), count)
        gc.collect(0)
    return figures


def main(arguments: Sequence[str]) -> int:
    """Print the figures, and 1 where a run says what it must never say."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps shapes", description=__doc__)
    options.add_argument("names", nargs="*", help="of shapes; all unless given")
    options.add_argument("--count", type=int, default=50, help="calls of each program")
    chosen = options.parse_args(arguments)
    shapes = [SHAPES[name] for name in chosen.names] or list(SHAPES.values())
    for name in ("changeover", "asyncio"):  # what differs is planted, and counted below
        logging.getLogger(name).setLevel(logging.CRITICAL)
    started = time.perf_counter()
    figures = swept(trials(shapes), chosen.count)
    print(
        f"shapes        {len(shapes)}, {chosen.count} calls each, {', '.join(STAGES)}, inline and background"
    )
    print(f"runs          {figures.runs:,} in {time.perf_counter() - started:.0f} s")
    print(f"same code     {_said(figures.same)}")
    print(f"planted       {_said(figures.planted)}")
    for name, times in sorted(figures.reasons.items()):
        print(
            f"  failed      {times:>6,} {name}: {SHAPES[name].why or '; '.join(SHAPES[name].failed.values())}"
        )
    alarms = sum(times for verdict, times in figures.same.items() if Verdict(verdict) in FALSE_ALARMS)
    print(f"false alarms  {alarms:,} of {figures.same.total():,} runs of the same code")
    print(f"wrong         {figures.wrong.total():,}")
    for line, times in figures.wrong.most_common(SHOWN_MAX):
        print(f"  {times:>6,} {line}")
    return 1 if figures.wrong else 0


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{times:,} {verdict}" for verdict, times in counts.most_common()) or "none"
