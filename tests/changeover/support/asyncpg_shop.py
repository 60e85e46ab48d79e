"""Paths that are given a pool of asyncpg, which was open before the pack was in use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from changeover import Migration, Run
from tests.changeover.support.driver_tables import Tables, tables

Path = Callable[..., Awaitable[Any]]


@pytest.fixture
def shop() -> Iterator[Tables]:
    """Tables that nobody else has."""
    with tables() as made:
        yield made


def pool_of(shop: Tables, **options: Any) -> Any:
    """A pool that is not open yet, of one connection: a replay that took one would wait for ever."""
    found = {"min_size": 1, "max_size": 1, "server_settings": {"search_path": shop.schema}, **options}
    return asyncpg.create_pool(shop.address, **found)


def run_of(
    shop: Tables, legacy: Path, candidate: Path, *args: Any, stage: str = "shadow", **options: Any
) -> tuple[Any, Run]:
    """What the caller got, an error too, and the run; each path gets a pool, and what else is given."""
    runs: list[Run] = []

    async def scene() -> Any:
        async with pool_of(shop, **options) as pool:
            migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append)
            migration.use("asyncpg")
            seam = migration.seam("s", legacy=legacy, candidate=candidate)
            try:
                return await asyncio.wait_for(seam(pool, *args), 20)
            except Exception as error:  # noqa: BLE001  handed back
                return error

    answer = asyncio.run(scene())
    return answer, runs[-1]


def same(shop: Tables, path: Path, *args: Any, **options: Any) -> tuple[Any, Run]:
    """The same with the same path on both sides, written twice."""

    async def candidate(*given: Any) -> Any:
        return await path(*given)

    return run_of(shop, path, candidate, *args, **options)


def said(run: Run) -> Any:
    """What a test shows of a run that is not what it should be."""
    return run.reason or [(one.place, one.legacy, one.candidate) for one in run.divergences]


def effects(run: Run) -> tuple[Any, ...]:
    """Those of the path that answered."""
    return () if run.legacy is None else run.legacy.effects
