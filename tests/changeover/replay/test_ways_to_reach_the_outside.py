"""A program without any declaration reaches the outside once: no replay does it again, and it is said."""

import asyncio
import inspect
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support import client_ways_out, process_ways_out, server_ways_out
from tests.changeover.support.async_ways_out import ASYNC_WAYS, AsyncWay
from tests.changeover.support.outside_servers import self_signed
from tests.changeover.support.ways_out import WAYS, Way

KINDS = (client_ways_out, process_ways_out, server_ways_out)  # each adds its ways
COMES_S = 3.0
AGAIN_S = 0.05


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("certificate"))


def migrating() -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    return Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0), runs


def settled(seen: Any, expected: int) -> int:
    """What the outside has seen in the end, and not before something may have come a second time."""
    until = time.monotonic() + COMES_S
    while seen() < expected and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(AGAIN_S)
    return int(seen())


async def settled_async(seen: Any, expected: int) -> int:
    async def number() -> int:
        found = seen()
        return int(await found if inspect.isawaitable(found) else found)

    until = time.monotonic() + COMES_S
    while await number() < expected and time.monotonic() < until:
        await asyncio.sleep(0.01)
    await asyncio.sleep(AGAIN_S)
    return await number()


def says(migration: Migration, client: str) -> bool:
    """Whether one line names the seam and the client."""
    return any("seam s " in line and client in line for line in migration.problems)


def refused(migration: Migration) -> bool:
    return any("a replay was refused it" in line for line in migration.problems)


def reached_by_both(way: Way, folder: Path, certificate: Path) -> tuple[int, Run, Migration]:
    migration, runs = migrating()
    with way(folder, certificate) as (deed, seen):

        def path(number: int) -> int:
            deed()
            return number

        assert migration.seam("s", legacy=path, candidate=path)(1) == 1
        return settled(seen, 1), runs[0], migration


def reached_by_the_replay(way: Way, folder: Path, certificate: Path) -> tuple[int, Run, Migration]:
    migration, runs = migrating()
    with way(folder, certificate) as (deed, seen):

        def path(number: int) -> int:
            with suppress(BaseException):  # what careless code does
                deed()
            return number

        migration.seam("s", legacy=lambda number: number, candidate=path)(1)
        in_vain = settled(seen, 0)
        deed()  # the program goes on with what it has open
        return settled(seen, in_vain + 1) - 1, runs[0], migration


async def reached_by_both_async(way: AsyncWay, folder: Path, certificate: Path) -> Any:
    migration, runs = migrating()
    async with way(folder, certificate) as (deed, seen):

        async def path(number: int) -> int:
            await deed()
            return number

        assert await migration.seam("s", legacy=path, candidate=path)(1) == 1
        return await settled_async(seen, 1), runs[0], migration


async def reached_by_the_replay_async(way: AsyncWay, folder: Path, certificate: Path) -> Any:
    migration, runs = migrating()
    async with way(folder, certificate) as (deed, seen):

        async def path(number: int) -> int:
            with suppress(BaseException):  # what careless code does
                await deed()
            return number

        async def nothing(number: int) -> int:
            return number

        await migration.seam("s", legacy=nothing, candidate=path)(1)
        in_vain = await settled_async(seen, 0)
        await deed()  # the program goes on with what it has open
        return await settled_async(seen, in_vain + 1) - 1, runs[0], migration


def test_there_are_forty_ways_and_more() -> None:
    assert len(WAYS) + len(ASYNC_WAYS) > 40


@pytest.mark.parametrize(("client", "way"), WAYS.values(), ids=WAYS)
def test_what_both_paths_do_is_done_once_and_is_no_match(
    tmp_path: Path, certificate: Path, client: str, way: Way
) -> None:
    seen, run, migration = reached_by_both(way, tmp_path, certificate)
    assert (seen, run.verdict) == (1, "failed"), run.reason
    assert run.reason is not None
    assert says(migration, client), migration.problems


@pytest.mark.parametrize(("client", "way"), WAYS.values(), ids=WAYS)
def test_what_the_replay_alone_does_is_not_done_and_is_no_match(
    tmp_path: Path, certificate: Path, client: str, way: Way
) -> None:
    seen, run, migration = reached_by_the_replay(way, tmp_path, certificate)
    assert (seen, run.verdict) == (0, "unsafe"), run.reason
    assert refused(migration), migration.problems


@pytest.mark.parametrize(("client", "way"), ASYNC_WAYS.values(), ids=ASYNC_WAYS)
def test_what_both_async_paths_do_is_done_once_and_is_no_match(
    tmp_path: Path, certificate: Path, client: str, way: AsyncWay
) -> None:
    seen, run, migration = asyncio.run(reached_by_both_async(way, tmp_path, certificate))
    assert (seen, run.verdict) == (1, "failed"), run.reason
    assert run.reason is not None
    assert says(migration, client), migration.problems


@pytest.mark.parametrize(("client", "way"), ASYNC_WAYS.values(), ids=ASYNC_WAYS)
def test_what_the_async_replay_alone_does_is_not_done_and_is_no_match(
    tmp_path: Path, certificate: Path, client: str, way: AsyncWay
) -> None:
    seen, run, migration = asyncio.run(reached_by_the_replay_async(way, tmp_path, certificate))
    assert (seen, run.verdict) == (0, "unsafe"), run.reason
    assert refused(migration), migration.problems
