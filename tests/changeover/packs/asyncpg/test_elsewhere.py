"""A run of asyncpg is replayed by another process as well, where no database is."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from changeover import Migration, Run
from tests.changeover.support.asyncpg_shop import pool_of, said
from tests.changeover.support.driver_tables import Tables
from tests.changeover.support.stored_ways import WAYS

OPEN: list[Any] = []
"""The pool that the program has open, as programs keep one in a module."""


async def placed(pool: Any, name: str, amount: int) -> Any:
    async with (pool or OPEN[-1]).acquire() as db, db.transaction():
        row = await db.fetchrow(
            "INSERT INTO orders (name, amount) VALUES ($1, $2) RETURNING name, gen_random_uuid() AS token",
            name,
            amount,
        )
        try:
            async with db.transaction():
                await db.execute("INSERT INTO orders (name) VALUES ('old')")
        except asyncpg.UniqueViolationError as error:
            return row, error.constraint_name, str(error)


async def placed_again(pool: Any, name: str, amount: int) -> Any:
    return await placed(pool, name, amount)


async def placed_wrongly(pool: Any, name: str, amount: int) -> Any:
    return await placed(pool, name, amount + 1)


def judged(shop: Tables, way: str, candidate: Any, *, given: str) -> Run:
    """The run in that way; the pool, or a connection of it, is open while the program runs."""

    class Program:
        """Opens its pool on the loop on which it is called."""

        def __init__(self, migration: Migration) -> None:
            migration.use("asyncpg")
            self.seam = migration.seam("s", legacy=placed, candidate=candidate)

        async def __call__(self) -> Any:
            async with pool_of(shop) as pool:
                OPEN.append(pool)
                if given == "a connection":
                    async with pool.acquire() as db:
                        return await self.seam(Held(db), "a", 2)
                return await self.seam(pool if given == "the pool" else None, "a", 2)

    return WAYS[way](lambda migration: wrapped(Program(migration)))


def wrapped(program: Any) -> Any:
    async def call() -> Any:
        return await program()

    return call


class Held:
    """What a path acquires from: a connection that its caller has."""

    def __init__(self, db: Any) -> None:
        self.db = db

    def acquire(self) -> Any:
        return self

    async def __aenter__(self) -> Any:
        return self.db

    async def __aexit__(self, *_: object) -> None:
        return None


@pytest.mark.parametrize("given", ["the pool", "a connection", "nothing"])
@pytest.mark.parametrize("way", WAYS)
def test_the_same_work_matches_and_other_values_differ(shop: Tables, way: str, given: str) -> None:
    run = judged(shop, way, placed_again, given=given)
    assert run.verdict == "match", said(run)
    assert shop.orders == [("old", 1), ("a", 2)]


@pytest.mark.parametrize("given", ["the pool", "nothing"])
@pytest.mark.parametrize("way", WAYS)
def test_other_values_differ(shop: Tables, way: str, given: str) -> None:
    run = judged(shop, way, placed_wrongly, given=given)
    assert run.verdict == "unsafe", said(run)
    assert shop.orders == [("old", 1), ("a", 2)]
