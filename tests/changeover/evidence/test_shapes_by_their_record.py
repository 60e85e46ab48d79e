"""Ordinary shapes of programs, compared by their record alone: in a worker, and as a scenario file has them.

The same code is never a difference, and a planted change never a match; where a record cannot hold what it
takes, there is no run, or one that failed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.record.codec import CodecError
from changeover.seam.judge import comparing_judge
from changeover.values.verdict import Verdict
from tests.changeover.support.program_shapes import SHAPES, Shape
from tests.changeover.support.program_shapes.shape import shop_of
from tests.changeover.support.stored_ways import WAYS, NothingRecorded
from tests.sweeps.shapes import FALSE_ALARMS, LATE_S, rules_of

STAGES = ("shadow", "live")


def run_of(shape: Shape, way: str, stage: str, planted: str) -> Run | None:
    """The run of a second call; None where no record can hold it."""

    def prepare(migration: Migration) -> Callable[[int], Any]:
        if shape.rules:
            migration.runtime.judge = comparing_judge(rules_of(shape.rules))
        call = shape.declare(migration, shop_of(migration), planted)

        async def awaited(number: int) -> None:
            with suppress(Exception):  # the program's own
                await call(number)
            if shape.late:
                await asyncio.sleep(LATE_S)

        def called(number: int) -> None:
            with suppress(Exception):
                call(number)
            if shape.late:
                time.sleep(LATE_S)

        return awaited if shape.is_async else called

    try:
        return WAYS[way](prepare, 1, stage=stage)
    except (CodecError, NothingRecorded):
        return None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SHAPES)
def test_the_same_code_never_differs_and_a_planted_change_never_matches(name: str, way: str) -> None:
    shape = SHAPES[name]
    stage = STAGES[[*SHAPES].index(name) % 2]
    same = run_of(shape, way, stage, "")
    if same is not None:
        assert same.verdict not in FALSE_ALARMS, same.divergences
        assert same.verdict is not Verdict.FAILED or same.reason
    for planted in shape.planted:
        run = run_of(shape, way, stage, planted)
        if run is not None:
            assert run.verdict in FALSE_ALARMS or (run.verdict is Verdict.FAILED and run.reason), planted


@pytest.mark.parametrize(("way", "least"), [("worker", 120), ("scenario", 120)])
def test_most_shapes_can_be_compared_by_their_record(way: str, least: int) -> None:
    names = [*SHAPES]
    runs = [run_of(SHAPES[name], way, STAGES[at % 2], "") for at, name in enumerate(names)]
    assert sum(run is not None and run.verdict is Verdict.MATCH for run in runs) >= least
