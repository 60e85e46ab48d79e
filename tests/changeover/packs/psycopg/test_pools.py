"""Pools of psycopg_pool, which are open before the line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.asyncpg_shop import said
from tests.changeover.support.driver_tables import Tables

psycopg_pool = pytest.importorskip("psycopg_pool")


def judged(more: int) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("psycopg")
    return migration, runs


@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
def test_a_pool_of_one_connection_serves_both_paths(shop: Tables, more: int, verdict: str) -> None:
    """A replay that took one would wait for ever."""

    def path(held: Any, number: int) -> Any:
        with pool.connection(timeout=3) as db:
            db.execute("INSERT INTO numbers VALUES (%s)", [number])
        return number > 0

    with psycopg_pool.ConnectionPool(shop.in_schema, min_size=1, max_size=1) as pool:
        pool.wait(5)
        migration, runs = judged(more)
        seam = migration.seam("s", legacy=path, candidate=lambda held, number: path(held, number + more))
        with pool.connection() as held:
            pool.resize(1, 2)
            assert seam(1, 1) is True
            held.rollback()
        requests = pool.get_stats()["requests_num"]
    assert (runs[-1].verdict, shop.numbers, requests) == (verdict, [1], 2), said(runs[-1])


@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
def test_so_does_one_that_is_awaited(shop: Tables, more: int, verdict: str) -> None:
    async def scene() -> Any:
        async with psycopg_pool.AsyncConnectionPool(shop.in_schema, min_size=1, max_size=1) as pool:

            async def path(number: int) -> Any:
                async with pool.connection(timeout=3) as db:
                    await db.execute("INSERT INTO numbers VALUES (%s)", [number])
                return number > 0

            async def candidate(number: int) -> Any:
                return await path(number + more)

            migration, runs = judged(more)
            assert await migration.seam("s", legacy=path, candidate=candidate)(1)
            return runs[-1]

    run = asyncio.run(scene())
    assert (run.verdict, shop.numbers) == (verdict, [1]), said(run)
