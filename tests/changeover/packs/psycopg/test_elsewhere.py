"""A run of psycopg is replayed by another process as well; what the toolkit itself sends is in no run."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from changeover import Migration, Run
from changeover.evidence.store.postgres_connections import Connections
from tests.changeover.support.asyncpg_shop import said
from tests.changeover.support.driver_tables import Tables
from tests.changeover.support.stored_ways import WAYS


def placed(db: Any, amount: int) -> Any:
    with db.transaction():
        row = (
            db.cursor(row_factory=dict_row)
            .execute("INSERT INTO orders (name, amount) VALUES ('a', %s) RETURNING name, amount", [amount])
            .fetchone()
        )
        try:
            with db.transaction():
                db.execute("INSERT INTO orders (name) VALUES ('old')")
        except psycopg.errors.UniqueViolation as error:
            return row, error.diag.constraint_name, str(error)


async def placed_awaited(db: Any, amount: int) -> Any:
    async with db.transaction():
        cursor = await db.execute("INSERT INTO orders (name, amount) VALUES ('a', %s) RETURNING id", [amount])
        return (await cursor.fetchone())[0] > 0


@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
@pytest.mark.parametrize("way", WAYS)
def test_the_same_work_matches_and_other_values_differ(
    shop: Tables, way: str, more: int, verdict: str
) -> None:
    def prepare(migration: Migration) -> Any:
        migration.use("psycopg")
        return migration.seam("s", legacy=placed, candidate=lambda db, amount: placed(db, amount + more))

    with psycopg.connect(shop.in_schema, autocommit=True) as db:
        run: Run = WAYS[way](prepare, db, 2)
    assert run.verdict == verdict, said(run)
    assert shop.orders == [("old", 1), ("a", 2)]


@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
@pytest.mark.parametrize("way", WAYS)
def test_so_it_is_with_what_is_awaited(shop: Tables, way: str, more: int, verdict: str) -> None:
    async def candidate(db: Any, amount: int) -> Any:
        return await placed_awaited(db, amount + more)

    def prepare(migration: Migration) -> Any:
        migration.use("psycopg")
        seam = migration.seam("s", legacy=placed_awaited, candidate=candidate)

        async def call() -> Any:
            async with await psycopg.AsyncConnection.connect(shop.in_schema, autocommit=True) as db:
                return await seam(db, 2)

        return call

    run: Run = WAYS[way](prepare)
    assert run.verdict == verdict, said(run)
    assert shop.orders == [("old", 1), ("a", 2)]


@pytest.mark.parametrize("way", WAYS)
def test_rows_are_made_elsewhere_as_the_connection_makes_them(shop: Tables, way: str) -> None:
    def path(db: Any) -> Any:
        return db.execute("SELECT name FROM orders").fetchone()["name"]

    def prepare(migration: Migration) -> Any:
        migration.use("psycopg")
        return migration.seam("s", legacy=path, candidate=lambda db: path(db))

    with psycopg.connect(shop.in_schema, row_factory=dict_row) as db:
        run: Run = WAYS[way](prepare, db)
    assert run.verdict == "match", said(run)


def test_what_the_toolkit_keeps_in_postgresql_is_in_no_run(shop: Tables) -> None:
    """A path that looks into the store of the toolkit, over connections of the toolkit's own."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("psycopg")

    def looks(number: int) -> Any:
        opened = Connections(shop.address).take(5)
        try:
            return opened.raw.execute("SELECT 41 + 1").fetchone()
        finally:
            opened.end()

    assert migration.seam("s", legacy=looks, candidate=lambda number: looks(number))(1) == (42,)
    assert runs[-1].tape.entries == []


def test_loops_do_not_share_what_a_replay_made(shop: Tables) -> None:
    """Each run awaits on a loop of its own."""

    async def scene() -> Any:
        runs: list[Run] = []
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.use("psycopg")

        async def candidate(db: Any, amount: int) -> Any:
            return await placed_awaited(db, amount)

        async with await psycopg.AsyncConnection.connect(shop.in_schema) as db:
            await migration.seam("s", legacy=placed_awaited, candidate=candidate)(db, 3)
            await db.execute("DELETE FROM orders")
        return runs[-1]

    for _ in range(2):
        run = asyncio.run(scene())
        assert run.verdict == "match", said(run)
