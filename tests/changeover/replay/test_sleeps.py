"""A sleep of a replay ends as the recorded one did, whatever it was given and whatever it gave."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from changeover import Migration, Run

NOON = datetime(2024, 1, 1, 12)


class Clock:
    """Waits for nothing; `time` tells how often it was asked for."""

    def __init__(self) -> None:
        self.waits: list[Any] = []

    def time(self) -> float:
        return float(len(self.waits))

    def sleep(self, *length: Any, **named: Any) -> Any:
        self.waits.append(length)
        if length == ("never",):
            raise InterruptedError("no time for that")

    def sleep_ms(self, length: int) -> None:
        self.waits.append(length)

    def sleep_until(self, moment: datetime) -> bool:
        self.waits.append(moment)
        return moment > NOON

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return len(self.waits) % 2 == 0

    async def pause(self, length: float, result: Any = None) -> Any:
        self.waits.append(length)
        return result


Path = Callable[[Clock], Any]
SLEEPS: dict[str, Path] = {
    "a number": lambda clock: clock.sleep(5),
    "a negative number": lambda clock: clock.sleep(-1),
    "nothing": lambda clock: clock.sleep(),
    "None": lambda clock: clock.sleep(None),
    "a length": lambda clock: clock.sleep(timedelta(minutes=1)),
    "a text": lambda clock: clock.sleep("5 s"),
    "a number by its name": lambda clock: clock.sleep(why="too early", seconds=5),
    "what it refuses": lambda clock: clock.sleep("never"),
    "a moment": lambda clock: [clock.sleep_until(NOON), clock.sleep_until(NOON + timedelta(hours=1))],
    "a wait that tells": lambda clock: [clock.wait(3), clock.wait(3), clock.wait(), clock.wait(4)],
    "a coroutine": lambda clock: asyncio.run(clock.pause(1)),
    "a coroutine that gives something": lambda clock: asyncio.run(clock.pause(-1, "on time")),
}


def compared(legacy: Path, candidate: Path, **options: Any) -> Run:
    clock, runs = Clock(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, **options)
    waiting = {"sleep", "sleep_ms", "sleep_until", "wait", "pause"}
    migration.port("clock", clock, clock={"time", *waiting})
    seam: Any = migration.seam("s", legacy=lambda n: legacy(clock), candidate=lambda n: candidate(clock))
    with suppress(InterruptedError):
        seam(7)
    migration.close()
    return runs[0]


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("sleeps", SLEEPS.values(), ids=list(SLEEPS))
def test_the_same_code_matches(sleeps: Path, mode: str) -> None:
    def path(clock: Clock) -> Any:
        return [clock.time(), sleeps(clock), clock.time()]

    run = compared(path, path, mode=mode)
    assert (run.verdict, run.reason) == ("match", None)


def test_a_wait_that_was_not_recorded_ends_as_all_did() -> None:
    def path(*lengths: int) -> Path:
        return lambda clock: [
            clock.time(),
            *{clock.sleep_until(NOON - timedelta(hours=one)) for one in lengths},
        ]

    assert compared(path(1, 2), path(3, 4, 5)).verdict == "match"


def test_a_negative_sleep_of_the_candidate_alone_is_a_difference() -> None:
    run = compared(lambda clock: clock.sleep(1), lambda clock: clock.sleep(-1))
    assert run.verdict == "diverged"


def test_a_longer_sleep_in_thousandths_is_told_in_seconds() -> None:
    def path(length: int) -> Path:
        def look(clock: Clock) -> Any:
            before = clock.time()
            clock.sleep_ms(length)
            return clock.time() - before

        return look

    run = compared(path(1000), path(5000))
    assert run.candidate is not None
    assert run.candidate.outcome.give() == 5
