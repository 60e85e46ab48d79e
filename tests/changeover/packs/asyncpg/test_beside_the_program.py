"""Runs that are replayed beside the program, in a thread of its own: a pool belongs to another loop there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.asyncpg_shop import pool_of, said
from tests.changeover.support.driver_tables import Tables

OPEN: list[Any] = []
"""The pool that the program has open."""


async def placed(given: Any, number: int) -> Any:
    if hasattr(given, "acquire"):
        async with given.acquire() as db, db.transaction():
            await db.execute("INSERT INTO numbers VALUES ($1)", number)
            return await db.fetchval("SELECT count(*) FROM orders")
    async with given.transaction():
        await given.execute("INSERT INTO numbers VALUES ($1)", number)
        return await given.fetchval("SELECT count(*) FROM orders")


@pytest.mark.parametrize("on_loop", [False, True], ids=["in a thread", "on the loop of the program"])
@pytest.mark.parametrize("given", ["the pool", "a connection", "nothing"])
def test_a_pool_of_one_connection_serves_both_paths(shop: Tables, given: str, on_loop: bool) -> None:
    runs: list[Run] = []

    async def legacy(held: Any, number: int) -> Any:
        return await placed(OPEN[-1] if held is None else held, number)

    async def candidate(held: Any, number: int) -> Any:
        return await placed(OPEN[-1] if held is None else held, number)

    async def scene() -> None:
        migration = Migration(
            environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="background"
        )
        migration.use("asyncpg")
        seam = migration.seam("s", legacy=legacy, candidate=candidate, on_loop=on_loop)
        async with pool_of(shop) as pool:
            OPEN.append(pool)
            if given == "a connection":
                async with pool.acquire() as db:
                    assert await seam(db, 1) == 1
            else:
                assert await seam(pool if given == "the pool" else None, 1) == 1
            await asyncio.to_thread(migration.flush)

    asyncio.run(scene())
    assert (runs[-1].verdict, shop.numbers) == ("match", [1]), said(runs[-1])
