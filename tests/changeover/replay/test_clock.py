"""A clock port in a replay: recorded moments in their order, on any calendar, whoever asked first."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import Migration, Run
from changeover.record.instrument import Hook
from changeover.record.port import CallClass, PortMethod
from changeover.record.tape import Entry
from changeover.replay.clock import VirtualClock
from changeover.values.observation import Returned

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2023, 10, 29, 0, 30, tzinfo=UTC)


class Clock:
    """Tells the given moments one after the other, and then the last one again."""

    def __init__(self, *moments: Any) -> None:
        self.moments = moments
        self.looks = 0

    def now(self) -> Any:
        self.looks += 1
        return self.moments[min(self.looks, len(self.moments)) - 1]

    def sleep(self, seconds: float) -> None:
        """Returns at once."""


def compared(clock: Any, legacy: Callable[[], Any], candidate: Callable[[], Any], target: Any = None) -> Run:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, sink=runs.append, refresh_s=0)
    migration.port("clock", target or clock, clock={"now", "sleep"})
    migration.seam("s", legacy=lambda n: legacy(), candidate=lambda n: candidate())(1)
    (run,) = runs
    return run


KINDS: dict[str, Callable[[int], Any]] = {
    "utc": lambda s: FIRST + timedelta(seconds=s),
    "local": lambda s: (FIRST + timedelta(seconds=s)).astimezone(BERLIN),
    "naive": lambda s: (FIRST + timedelta(seconds=s)).astimezone(BERLIN).replace(tzinfo=None),
    "seconds": lambda s: 1_700_000_000.0 + s,
    "nanoseconds": lambda s: (1_700_000_000 + s) * 10**9,
    "uptime": lambda s: timedelta(seconds=100_000 + s),
    "day": lambda s: date(2023, 10, 29) + timedelta(seconds=s),
    "text": str,
}


@given(
    kind=st.sampled_from(list(KINDS)),
    steps=st.lists(st.tuples(st.integers(-7200, 7200), st.integers(0, 3600)), min_size=1, max_size=6),
)
def test_the_same_path_sees_the_same_moments_whatever_the_clock_did(
    kind: str, steps: list[tuple[int, int]]
) -> None:
    at, moments = 0, []
    for step, _ in steps:
        at += step
        moments.append(KINDS[kind](at))
    clock = Clock(*moments)

    def path() -> Any:
        seen = []
        for _, slept in steps:
            seen.append(clock.now())
            clock.sleep(slept)
        return seen

    assert compared(clock, path, path).verdict == "match"


@pytest.mark.parametrize("kind", ["utc", "local", "seconds", "uptime"])
def test_who_sleeps_longer_is_told_later_moments(kind: str) -> None:
    made = KINDS[kind]
    clock = Clock(made(0), made(10))

    def path(seconds: int) -> Callable[[], Any]:
        def look() -> Any:
            first = clock.now()
            clock.sleep(seconds)
            last = clock.now()
            if isinstance(first, datetime):
                return (last.astimezone(UTC) - first.astimezone(UTC)).total_seconds()
            return (last - first).total_seconds() if isinstance(first, timedelta) else last - first

        return look

    run = compared(clock, path(10), path(7200))
    assert run.candidate is not None
    assert run.candidate.outcome.give() == 7200


def moments_of(name: str, *moments: Any) -> VirtualClock:
    hook = Hook(name, "here", Clock.now, has_owner=True)
    method = PortMethod("clock", hook, CallClass.CLOCK)
    return VirtualClock([Entry(method, (), {}, Returned(moment)) for moment in moments])


@pytest.mark.parametrize(("name", "unit"), [("time", 1), ("time_ms", 10**3), ("time_ns", 10**9)])
def test_small_sleeps_add_up_in_whole_numbers(name: str, unit: int) -> None:
    clock = moments_of(name, 1_000 * unit)
    clock.now(name)
    for _ in range(20):
        clock.sleep("sleep", (0.25,), {})
        clock.now(name)
    told = clock.now(name)
    assert told is not None
    assert told.give() == 1_005 * unit


def test_small_sleeps_bring_the_next_day() -> None:
    clock = moments_of("today", date(2023, 10, 29))
    clock.now("today")
    for _ in range(25):
        clock.sleep("sleep", (3600,), {})
    told = clock.now("today")
    assert told is not None
    assert told.give() == date(2023, 10, 30)


@pytest.mark.parametrize("by_class", [True, False])
def test_a_clock_that_legacy_never_asked_tells_the_time_and_is_not_moved(by_class: bool) -> None:
    clock = Clock(FIRST, FIRST + timedelta(seconds=1))

    def candidate() -> Any:
        first = clock.now()
        clock.sleep(60)
        assert clock.now() - first >= timedelta(seconds=60)
        return "done"

    run = compared(clock, lambda: "done", candidate, Clock if by_class else clock)
    assert (run.verdict, clock.looks) == ("match", 0)


def test_an_awaited_clock_that_legacy_never_asked_tells_the_time() -> None:
    class AwaitedClock(Clock):
        async def now(self) -> Any:
            return super().now()

        async def sleep(self, seconds: float) -> None:  # type: ignore[override]
            """Returns at once."""

    clock = AwaitedClock(FIRST)
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0, mode="inline"
    )
    migration.port("clock", clock, clock={"now", "sleep"})

    async def legacy(n: int) -> bool:
        return True

    async def candidate(n: int) -> bool:
        first = await clock.now()
        await clock.sleep(60)
        return bool(await clock.now() - first == timedelta(seconds=60))

    asyncio.run(migration.seam("s", legacy=legacy, candidate=candidate)(1))
    assert (runs[0].verdict, clock.looks) == ("match", 0)


def test_a_clock_that_cannot_be_copied_says_so() -> None:
    class Bound(Clock):
        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("bound to the hardware")

    clock = Bound(FIRST)
    run = compared(clock, lambda: 1, lambda: clock.now() and 1)
    assert (run.verdict, clock.looks) == ("failed", 0)
    assert run.reason is not None
    assert "clock.now" in run.reason
