"""Time of the world is none of a path's own; a moment in which several calls are under way is one moment."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import Migration, Run
from changeover.record.followed_path import followed
from changeover.record.time_apart import WithTimeApart

STRETCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=12)


@given(STRETCHES)
def test_what_overlaps_is_counted_once(drawn: list[tuple[int, int]]) -> None:
    session = WithTimeApart()
    moments: set[int] = set()
    for began, lasts in drawn:  # in any order, as threads may tell of them
        session.spend(began, began + lasts)
        moments |= {*range(began, began + lasts)}
        assert session.port_s == len(moments)


OWN_S, CALL_S = 0.05, 0.04


class Prices:
    async def get(self, name: str) -> str:
        await asyncio.sleep(CALL_S)
        return name

    def read(self, name: str) -> str:
        threading.Event().wait(CALL_S)
        return name


def observed(path: Any) -> tuple[Run, Any]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.port("prices", Prices, reads=["get", "read"])
    seam: Any = migration.seam("s", legacy=path, candidate=path)
    answer = asyncio.run(seam(3)) if asyncio.iscoroutinefunction(path) else seam(3)
    migration.flush()
    return runs[0], answer


async def at_once(number: int) -> list[str]:
    found = await asyncio.gather(*(Prices().get(str(one)) for one in range(number)))
    await asyncio.sleep(OWN_S)
    return found


async def one_after_the_other(number: int) -> list[str]:
    found = [await Prices().get(str(one)) for one in range(number)]
    await asyncio.sleep(OWN_S)
    return found


def in_threads(number: int) -> int:
    threads = [threading.Thread(target=Prices().read, args=(str(one),)) for one in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threading.Event().wait(OWN_S)
    return number


@pytest.mark.parametrize("path", [at_once, one_after_the_other, in_threads])
def test_calls_at_once_take_nothing_from_the_time_of_the_path_itself(path: Any) -> None:
    run, _ = observed(path)
    assert run.verdict == "match"
    assert run.legacy is not None
    # What the path does alone lasts so long at least, however busy the machine is.
    assert run.legacy.own_time_s >= 0.9 * OWN_S


class Follower:
    def begin(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        threading.Event().wait(CALL_S)
        return args, kwargs

    def end(self) -> None:
        threading.Event().wait(CALL_S)


class Session(WithTimeApart):
    """Of a path that one pack follows; the pack is its own book."""

    def __init__(self) -> None:
        self.book = self
        self.followers: dict[str, Any] = {}

    def following(self) -> list[tuple[str, Any]]:
        return [("pack", self)]

    def follow(self, session: Any, **_: bool) -> Follower:
        return Follower()

    def cannot_follow(self, pack: str, what: str) -> None:
        raise AssertionError(what)


def test_what_a_follower_of_a_path_takes_is_none_of_the_path_s_own_time() -> None:
    session = Session()
    assert followed(lambda number: number, session)(3) == 3
    assert session.port_s >= 0.9 * 2 * CALL_S
