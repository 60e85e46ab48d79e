"""Async seams in the background that the program's own loop replays (`on_loop=True`)."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from time import thread_time
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.telemetry.alerts import Alert
from changeover.values.limits import Limits

STAGE = {"CHANGEOVER_STAGE_S": "shadow"}
PATIENT = Limits(loop_step_s_max=60.0, loop_share_max=1.0)
"""No replay of these tests holds a loop up, however busy the machine is."""
Path = Callable[[int], Awaitable[int]]


class Program:
    """A migration in the background with one seam, and what came of it."""

    def __init__(self, legacy: Any, candidate: Any, limits: Limits = PATIENT, **options: Any) -> None:
        self.runs: list[Run] = []
        self.alerts: list[Alert] = []
        self.migration = Migration(
            environment=STAGE,
            sink=self.runs.append,
            mode="background",
            limits=limits,
            alerts=[self.alerts.append],
        )
        options = {"on_loop": True, **options}
        self.seam: Any = self.migration.seam("s", legacy=legacy, candidate=candidate, **options)

    def ask(self, count: int) -> list[int]:
        """The answers to so many calls at once, when all replays have ended."""

        async def ran() -> list[int]:
            answers = await asyncio.gather(*(self.seam(number) for number in range(count)))
            await asyncio.to_thread(self.migration.flush)
            return list(answers)

        return asyncio.run(ran())

    @property
    def verdicts(self) -> Counter[str]:
        """How many runs came to which verdict."""
        return Counter(str(run.verdict) for run in self.runs)


class Pool:
    """Connections that belong to the loop under which they were opened, as those of async drivers do."""

    def __init__(self, size: int = 2) -> None:
        self._size = size
        self._loop: Any = None
        self._free: Any = None

    async def use(self, number: int) -> int:
        if self._loop is not asyncio.get_running_loop():
            if self._loop is not None and not self._loop.is_closed():
                raise RuntimeError("the pool belongs to another loop")
            self._loop, self._free = asyncio.get_running_loop(), asyncio.Semaphore(self._size)
        async with self._free:
            await asyncio.sleep(0)
            return number * 10


def paths(pool: Pool) -> tuple[Path, Path]:
    """Two paths that do the same with one pool."""

    async def legacy(number: int) -> int:
        return await pool.use(number)

    async def candidate(number: int) -> int:
        return await pool.use(number)

    return legacy, candidate


def test_a_pool_that_belongs_to_the_loop_works_in_every_replay() -> None:
    program = Program(*paths(Pool()))
    assert program.ask(100) == [number * 10 for number in range(100)]
    assert program.verdicts == {"match": 100}, {run.reason for run in program.runs}


def test_in_a_thread_such_a_pool_would_differ_for_nothing() -> None:
    program = Program(*paths(Pool()), on_loop=False)
    program.ask(5)
    assert program.verdicts == {"diverged": 5}


def test_a_difference_is_found_there() -> None:
    legacy, same = paths(Pool())

    async def wrong(number: int) -> int:
        return await same(number) + (number == 7)

    program = Program(legacy, wrong)
    program.ask(20)
    assert program.verdicts == {"match": 19, "diverged": 1}


def test_callers_have_their_answers_before_any_replay_and_in_their_own_loop() -> None:
    happened: list[str] = []

    async def legacy(number: int) -> int:
        return number

    async def candidate(number: int) -> int:
        happened.append(f"replay in {threading.current_thread().name}")
        return number

    program = Program(legacy, candidate)

    async def ran() -> None:
        await program.seam(1)
        happened.append("answered")
        await asyncio.to_thread(program.migration.flush)

    asyncio.run(ran())
    assert happened == ["answered", "replay in MainThread"]


def test_a_few_are_under_way_at_once_and_no_more() -> None:
    under_way, most = 0, 0

    async def legacy(number: int) -> int:
        return number

    async def candidate(number: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1
        return number

    program = Program(legacy, candidate)
    program.ask(30)
    assert (program.verdicts, most) == ({"match": 30}, 4)


def test_replays_rest_when_they_have_had_their_share_of_the_loop_until_somebody_waits() -> None:
    replayed = 0

    async def legacy(number: int) -> int:
        return number

    async def candidate(number: int) -> int:
        nonlocal replayed
        replayed += 1
        return number

    program = Program(legacy, candidate, Limits(loop_step_s_max=60.0, loop_share_max=1e-6))

    async def ran() -> None:
        await asyncio.gather(*(program.seam(number) for number in range(20)))
        for _ in range(100):
            await asyncio.sleep(0)
        assert 1 <= replayed <= 4
        await asyncio.to_thread(program.migration.flush)

    asyncio.run(ran())
    assert program.verdicts == {"match": 20}


def test_runs_that_rest_when_the_loop_ends_are_counted() -> None:
    async def path(number: int) -> int:
        return number

    program = Program(path, path, Limits(loop_step_s_max=60.0, loop_share_max=1e-6))

    async def ran() -> None:
        await asyncio.gather(*(program.seam(number) for number in range(20)))
        for _ in range(100):
            await asyncio.sleep(0)

    asyncio.run(ran())
    program.migration.flush()
    assert sum(program.verdicts.values()) == 20
    assert program.verdicts["unpaired"] >= 16


def busy(seconds: float) -> None:
    until = thread_time() + seconds
    while thread_time() < until:
        pass


async def in_itself(number: int) -> int:
    await asyncio.sleep(0)
    busy(0.05)
    return number


async def in_a_task(number: int) -> int:
    async def other() -> int:
        await asyncio.sleep(0)
        busy(0.05)
        return number

    return (await asyncio.gather(other()))[0]


@pytest.mark.parametrize("holding_up", [in_itself, in_a_task])
def test_a_replay_that_holds_the_loop_up_is_the_last_one_and_somebody_hears(holding_up: Any) -> None:
    async def legacy(number: int) -> int:
        return number

    program = Program(legacy, holding_up, Limits(loop_step_s_max=0.04))

    async def ran() -> None:
        for number in range(10):
            assert await program.seam(number) == number
            await asyncio.to_thread(program.migration.flush)

    asyncio.run(ran())
    assert program.verdicts == {"match": 1, "unpaired": 9}
    assert {run.reason for run in program.runs if run.verdict == "unpaired"} == {
        "dropped: replays on the program's loop were stopped, as one held it up"
    }
    assert [str(alert.kind) for alert in program.alerts] == ["loop-held-up"]
    assert "held the program's loop up" in program.alerts[0].text
    assert any("held the program's loop up" in problem for problem in program.migration.problems)


def test_a_loop_that_ends_takes_no_run_with_it_uncounted() -> None:
    async def path(number: int) -> int:
        await asyncio.sleep(0)
        return number

    async def slow(number: int) -> int:
        await asyncio.sleep(30)
        return number

    program = Program(path, slow)

    async def ran() -> None:
        await asyncio.gather(*(program.seam(number) for number in range(10)))
        await asyncio.sleep(0)

    asyncio.run(ran())
    program.migration.flush()
    assert program.verdicts == {"unpaired": 10}
    assert any("10 runs were dropped" in problem for problem in program.migration.problems)


def test_what_a_handler_of_signals_raises_during_a_replay_ends_the_program_as_ever() -> None:
    async def legacy(number: int) -> int:
        return number

    async def candidate(number: int) -> int:
        busy(0.5)
        return number

    def stop(*_: object) -> None:
        raise KeyboardInterrupt("stop")

    program = Program(legacy, candidate)

    async def ran() -> None:
        await program.seam(1)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        await asyncio.sleep(30)

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(KeyboardInterrupt, match="stop"):
            asyncio.run(ran())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    program.migration.flush()
    assert [(str(run.verdict), run.reason) for run in program.runs] == [("unpaired", "interrupted")]


def test_to_flush_under_the_loop_itself_waits_for_nothing() -> None:
    async def path(number: int) -> int:
        return number

    program = Program(path, path)

    async def ran() -> None:
        await program.seam(1)
        program.migration.flush()
        assert not program.runs
        await asyncio.to_thread(program.migration.flush)

    asyncio.run(ran())
    assert program.verdicts == {"match": 1}


def test_what_a_path_leaves_running_is_waited_for() -> None:
    async def path(number: int) -> int:
        async def later() -> None:
            await asyncio.sleep(0.01)

        kept.append(asyncio.create_task(later()))
        return number

    kept: list[Any] = []
    program = Program(path, path)
    program.ask(3)
    assert program.verdicts == {"match": 3}, {run.reason for run in program.runs}


def test_a_migration_that_is_closed_compares_at_once() -> None:
    async def path(number: int) -> int:
        return number

    program = Program(path, path)
    program.migration.close()
    assert asyncio.run(program.seam(1)) == 1
    assert program.verdicts == {"match": 1}


def test_a_seam_that_is_not_awaited_has_no_loop() -> None:
    with pytest.raises(DeclarationError, match="on_loop is for a seam that is awaited"):
        Migration().seam("s", legacy=abs, candidate=abs, on_loop=True)
