"""What makes a run `failed`, by name, while the program gets what it always did."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import asyncpg
import pytest

from changeover import Migration
from changeover.errors import DeclarationError
from tests.changeover.support.asyncpg_shop import pool_of, run_of, said, same
from tests.changeover.support.driver_tables import Tables


async def copies_out(pool: Any) -> Any:
    return await pool.copy_from_query("SELECT 1", output=io.BytesIO())


async def copies_in(pool: Any) -> Any:
    return await pool.copy_to_table("numbers", source=io.BytesIO(b"1\n"))


async def copies_awaited(pool: Any) -> Any:
    async def records() -> Any:
        yield (1,)

    return await pool.copy_records_to_table("numbers", records=records())


async def listens(pool: Any) -> Any:
    async with pool.acquire() as db:
        await db.add_listener("orders", print)
        await db.remove_listener("orders", print)
    return "listened"


async def prepares_in_two_phases(pool: Any) -> Any:
    async with pool.acquire() as db:
        await db.execute("BEGIN")
        try:
            return await db.execute("PREPARE TRANSACTION 'changeover test'")
        except asyncpg.PostgresError:
            return await db.execute("ROLLBACK")


async def mixes(pool: Any) -> Any:
    return await pool.execute("BEGIN; INSERT INTO numbers VALUES (1); COMMIT")


NOT_FOLLOWED = {
    "copy_from_query": (copies_out, "COPY 1", "COPY of asyncpg"),
    "copy_to_table": (copies_in, "COPY 1", "COPY of asyncpg"),
    "copy_records_to_table": (copies_awaited, "COPY 1", "have to be awaited"),
    "listen": (listens, "listened", "LISTEN of asyncpg"),
    "two phases": (prepares_in_two_phases, "ROLLBACK", "two phases"),
    "several statements": (mixes, "COMMIT", "several statements in one text"),
}


@pytest.mark.parametrize("what", NOT_FOLLOWED)
def test_it_is_done_once_and_the_run_names_it(shop: Tables, what: str) -> None:
    path, gives, why = NOT_FOLLOWED[what]
    answer, run = same(shop, path)
    assert (answer, run.verdict) == (gives, "failed"), said(run)
    assert why in str(run.reason)
    assert len(shop.numbers) <= 1


@pytest.mark.parametrize("what", NOT_FOLLOWED)
def test_a_replay_alone_that_does_it_reaches_nothing(shop: Tables, what: str) -> None:
    async def nothing(pool: Any) -> Any:
        return NOT_FOLLOWED[what][1]

    _, run = run_of(shop, nothing, NOT_FOLLOWED[what][0])
    assert run.verdict == "failed", said(run)
    assert NOT_FOLLOWED[what][2] in str(run.reason)
    assert shop.numbers == []


def test_another_statement_for_the_same_change_is_no_verdict(shop: Tables) -> None:
    async def inserts(pool: Any) -> Any:
        await pool.execute("INSERT INTO numbers VALUES ($1)", 1)

    async def otherwise(pool: Any) -> Any:
        await pool.execute("INSERT INTO numbers (n) VALUES ($1)", 1)

    _, run = run_of(shop, inserts, otherwise)
    assert run.verdict == "failed"
    assert "the answering path sent no such statement" in str(run.reason)
    assert "a port of its own" in str(run.reason)


def test_records_of_a_class_of_the_program_cannot_be_made_by_a_replay(shop: Tables) -> None:
    class Row(asyncpg.Record):  # type: ignore[misc]
        """With columns as attributes."""

        def __getattr__(self, name: str) -> Any:
            return self[name]

    async def path(pool: Any) -> Any:
        return (await pool.fetchrow("SELECT 1 AS a")).a

    answer, run = same(shop, path, record_class=Row)
    assert (answer, run.verdict) == (1, "failed")
    assert "derived from asyncpg.Record" in str(run.reason)


def test_rows_that_nobody_asked_for_are_not_known(shop: Tables) -> None:
    async def asks_for_none(pool: Any) -> Any:
        await pool.execute("INSERT INTO orders (name) VALUES ('b') RETURNING id")

    async def asks(pool: Any) -> Any:
        await pool.fetchval("INSERT INTO orders (name) VALUES ('b') RETURNING id")

    _, run = run_of(shop, asks_for_none, asks)
    assert run.verdict == "failed"
    assert "asked a statement for no rows" in str(run.reason)


def test_a_connection_that_cannot_be_had_says_nothing_of_a_replay(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        try:
            await asyncpg.connect("postgresql://127.0.0.1:1/none")
        except OSError:
            return "no"

    answer, run = same(shop, path)
    assert (answer, run.verdict) == ("no", "failed")
    assert "could not be opened" in str(run.reason)


def test_a_transaction_that_was_begun_before_is_ended_by_no_replay(shop: Tables) -> None:
    runs: list[Any] = []

    async def scene() -> Any:
        async with pool_of(shop) as pool, pool.acquire() as db:
            transaction = db.transaction()

            async def legacy() -> None:
                return None

            async def candidate() -> None:
                await transaction.rollback()

            migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
            migration.use("asyncpg")
            seam = migration.seam("s", legacy=legacy, candidate=candidate)
            await transaction.start()
            await db.execute("INSERT INTO numbers VALUES (1)")
            await seam()
            await transaction.commit()

    asyncio.run(scene())
    assert (runs[-1].verdict, shop.numbers) == ("failed", [1])
    assert "was made before the path" in str(runs[-1].reason)


def test_rows_cannot_be_asked_for() -> None:
    with pytest.raises(DeclarationError, match="of asyncpg the statements are"):
        Migration().use("asyncpg", rows=True)
