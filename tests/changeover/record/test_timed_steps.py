"""Steps of coroutines are timed, and collections of garbage within them are not."""

from __future__ import annotations

import asyncio
import gc
from time import thread_time

from changeover.record.timed_steps import timed_task


def busy(seconds: float) -> None:
    until = thread_time() + seconds
    while thread_time() < until:
        pass


def slow_collection(phase: str, _: object) -> None:
    if phase == "stop":
        busy(0.05)


def test_each_step_is_told_with_the_time_at_work() -> None:
    told: list[float] = []

    async def path() -> str:
        await asyncio.sleep(0)
        busy(0.05)
        return "done"

    assert asyncio.run(timed_task(path(), lambda _, worked: told.append(worked))) == "done"
    assert [worked >= 0.05 for worked in told] == [False, True]


def test_a_collection_within_a_step_is_none_of_it() -> None:
    told: list[tuple[float, float]] = []

    async def path() -> None:
        gc.callbacks.insert(0, slow_collection)
        gc.collect()
        gc.callbacks.remove(slow_collection)

    began = thread_time()
    asyncio.run(timed_task(path(), lambda *both: told.append(both)))
    took = thread_time() - began
    assert took >= 0.05
    assert told[0][1] <= took - 0.05


def test_an_error_is_thrown_into_it_and_comes_out_of_it() -> None:
    async def path() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            raise ValueError("stopped") from None

    async def ran() -> str:
        task = asyncio.create_task(timed_task(path(), lambda *_: None))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except ValueError as error:
            return str(error)
        return "none"

    assert asyncio.run(ran()) == "stopped"
