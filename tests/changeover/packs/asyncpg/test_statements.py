"""Statements, records, errors and transactions of asyncpg, of a pool that was open before the line."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from changeover import Migration
from tests.changeover.support.asyncpg_shop import effects, pool_of, run_of, said, same
from tests.changeover.support.driver_tables import Tables

INSERT = "INSERT INTO orders (name, amount) VALUES ($1, $2) RETURNING id, name"


async def placed(pool: Any, name: str = "a", amount: int = 2) -> Any:
    async with pool.acquire() as db, db.transaction():
        row = await db.fetchrow(INSERT, name, amount)
        await db.execute("INSERT INTO numbers VALUES ($1)", amount)
        left = await db.fetchval("SELECT count(*) FROM orders")
    return row["name"], row[0] > 0, left


def test_a_transaction_out_of_a_pool_is_carried_out_once_and_matches(shop: Tables) -> None:
    answer, run = same(shop, placed)
    assert (answer, run.verdict) == (("a", True, 2), "match"), said(run)
    assert (shop.orders, shop.numbers) == ([("old", 1), ("a", 2)], [2])


def test_another_value_differs_at_its_statement(shop: Tables) -> None:
    async def candidate(pool: Any) -> Any:
        await pool.execute("INSERT INTO numbers VALUES ($1)", 3)

    async def legacy(pool: Any) -> Any:
        await pool.execute("INSERT INTO numbers VALUES ($1)", 2)

    _, run = run_of(shop, legacy, candidate)
    assert (run.verdict, shop.numbers) == ("unsafe", [2])
    assert sorted(one.place[-4:] for one in run.divergences) == ["(2)]", "(3)]"]


def test_of_a_transaction_that_goes_wrong_only_what_differs_is_shown(shop: Tables) -> None:
    def adding(*numbers: int) -> Any:
        async def path(pool: Any) -> Any:
            async with pool.acquire() as db, db.transaction():
                await db.fetchval("INSERT INTO orders (name) VALUES ($1) RETURNING id", "a")
                for number in numbers:
                    await db.execute("INSERT INTO numbers VALUES ($1)", number)

        return path

    _, run = run_of(shop, adding(1), adding(2))
    assert run.verdict == "unsafe"
    assert not [one.place for one in run.divergences if "orders" in one.place]


def test_autocommit_in_the_place_of_a_transaction_differs(shop: Tables) -> None:
    async def without(pool: Any) -> Any:
        async with pool.acquire() as db:
            await db.execute("INSERT INTO numbers VALUES ($1)", 2)

    async def within(pool: Any) -> Any:
        async with pool.acquire() as db, db.transaction():
            await db.execute("INSERT INTO numbers VALUES ($1)", 2)

    _, run = run_of(shop, within, without)
    assert run.verdict == "unsafe"
    assert [one.place for one in run.divergences] == ["effects.db.commit[]"]


def test_what_was_rolled_back_is_no_effect(shop: Tables) -> None:
    async def tried(pool: Any) -> str:
        async with pool.acquire() as db:
            transaction = db.transaction()
            await transaction.start()
            await db.execute("INSERT INTO numbers VALUES ($1)", 7)
            await transaction.rollback()
        return "no"

    async def nothing(pool: Any) -> str:
        return "no"

    answer, run = same(shop, tried)
    assert (answer, run.verdict, effects(run)) == ("no", "match", ()), said(run)
    assert run_of(shop, tried, nothing)[1].verdict == "match"
    assert shop.numbers == []


def test_one_who_commits_what_the_other_one_rolls_back_differs(shop: Tables) -> None:
    def ending(how: str) -> Any:
        async def path(pool: Any) -> None:
            async with pool.acquire() as db:
                transaction = db.transaction()
                await transaction.start()
                await db.execute("INSERT INTO numbers VALUES ($1)", 7)
                await getattr(transaction, how)()

        return path

    for legacy, candidate in (("commit", "rollback"), ("rollback", "commit")):
        _, run = run_of(shop, ending(legacy), ending(candidate))
        assert run.verdict == "unsafe", said(run)
        assert {one.place.partition("[")[0] for one in run.divergences} == {
            "effects.db.write",
            "effects.db.commit",
        }
    assert shop.numbers == [7]


def test_what_stood_there_before_is_not_known_after_a_rollback_of_one_path_alone(shop: Tables) -> None:
    def ending(how: str) -> Any:
        async def path(pool: Any) -> Any:
            async with pool.acquire() as db:
                transaction = db.transaction()
                await transaction.start()
                await db.execute("INSERT INTO numbers VALUES ($1)", 7)
                await getattr(transaction, how)()
                return await db.fetchval("SELECT count(*) FROM numbers")

        return path

    _, run = run_of(shop, ending("commit"), ending("rollback"))
    assert run.verdict != "match"
    assert "rolled back what the answering path committed" in str(run.reason)


def test_what_was_rolled_back_to_a_savepoint_is_no_effect_and_the_rest_is(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        async with pool.acquire() as db, db.transaction():
            await db.execute("INSERT INTO numbers VALUES (1)")
            try:
                async with db.transaction():
                    await db.execute("INSERT INTO numbers VALUES (2)")
                    await db.execute("INSERT INTO orders (name) VALUES ('old')")
            except asyncpg.UniqueViolationError as error:
                kept = error.constraint_name, error.sqlstate, str(error)
            async with db.transaction():
                await db.execute("INSERT INTO numbers VALUES (3)")
        return kept

    answer, run = same(shop, path)
    assert answer[:2] == ("orders_name_key", "23505")
    assert (run.verdict, shop.numbers) == ("match", [1, 3]), said(run)
    assert [call.arguments.get("statement", call.name) for call in effects(run)] == [
        "INSERT INTO numbers VALUES (1)",
        "INSERT INTO numbers VALUES (3)",
        "db.commit",
    ]


def test_an_error_is_that_of_the_library_with_what_it_says(shop: Tables) -> None:
    seen: list[Any] = []

    async def path(pool: Any) -> None:
        try:
            await pool.execute("INSERT INTO orders (name) VALUES ($1)", "old")
        except asyncpg.UniqueViolationError as error:
            seen.append((type(error), error.sqlstate, error.constraint_name, error.detail, str(error)))
            raise

    answer, run = same(shop, path)
    assert isinstance(answer, asyncpg.UniqueViolationError)
    assert (run.verdict, len(seen), seen[0]) == ("match", 2, seen[-1]), said(run)


def test_records_are_those_of_the_library_in_a_replay_too(shop: Tables) -> None:
    kinds: list[Any] = []

    async def path(pool: Any) -> Any:
        rows = await pool.fetch(
            "SELECT gen_random_uuid() AS id, now() AS at, 1.5::numeric AS price, ARRAY[1, 2] AS lots, "
            "int4range(1, 5) AS span, ROW(1, 'a') AS pair, NULL AS none, 1 AS twice, 2 AS twice"
        )
        kinds.append((type(rows), type(rows[0]), [type(one) for one in rows[0]], list(rows[0].keys())))
        return rows

    answer, run = same(shop, path)
    assert (run.verdict, kinds[0]) == ("match", kinds[1]), said(run)
    assert type(answer[0]) is asyncpg.Record


def test_a_record_that_a_path_returns_differs_by_its_column(shop: Tables) -> None:
    async def legacy(pool: Any) -> Any:
        return await pool.fetchrow("SELECT 1 AS a, 2 AS b")

    async def candidate(pool: Any) -> Any:
        row = await pool.fetchrow("SELECT 1 AS a, 2 AS b")
        return {**row, "b": 3}

    _, run = run_of(shop, legacy, candidate)
    assert "result.b" in {one.place for one in run.divergences}, said(run)


def test_the_first_row_is_known_where_all_were_asked_for(shop: Tables) -> None:
    async def first_of_all(pool: Any) -> Any:
        return (await pool.fetch("SELECT name FROM orders WHERE amount = $1", 1))[0]["name"]

    async def first(pool: Any) -> Any:
        return await pool.fetchval("SELECT name FROM orders WHERE amount = $1", 1)

    assert run_of(shop, first_of_all, first)[1].verdict == "match"
    _, run = run_of(shop, first, first_of_all)
    assert run.verdict == "failed"


def test_a_question_that_was_never_asked_ends_the_replay(shop: Tables) -> None:
    async def asks(pool: Any) -> Any:
        await pool.fetchval("SELECT 1")
        return 1

    async def asks_more(pool: Any) -> Any:
        await pool.fetchval("SELECT 1")
        await pool.fetchval("SELECT name FROM orders")
        return 1

    _, run = run_of(shop, asks, asks_more)
    assert run.verdict == "failed"
    assert "SELECT name FROM orders" in str(run.reason)


def test_no_answer_is_given_from_across_a_write(shop: Tables) -> None:
    async def reads_first(pool: Any) -> Any:
        found = await pool.fetchval("SELECT count(*) FROM numbers")
        await pool.execute("INSERT INTO numbers VALUES (1)")
        return found

    async def writes_first(pool: Any) -> Any:
        await pool.execute("INSERT INTO numbers VALUES (1)")
        return await pool.fetchval("SELECT count(*) FROM numbers")

    assert run_of(shop, reads_first, writes_first)[1].verdict == "failed"


def test_many_calls_at_once_are_one_effect_with_all_values(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        await pool.executemany("INSERT INTO numbers VALUES ($1)", ((n,) for n in (1, 2)))

    async def fewer(pool: Any) -> Any:
        await pool.executemany("INSERT INTO numbers VALUES ($1)", [(1,)])

    _, run = same(shop, path)
    assert (run.verdict, shop.numbers) == ("match", [1, 2]), said(run)
    assert run_of(shop, path, fewer)[1].verdict == "unsafe"


def test_records_that_are_copied_into_a_table_are_an_effect(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        return await pool.copy_records_to_table("numbers", records=((n,) for n in (4, 5)), columns=["n"])

    async def other(pool: Any) -> Any:
        return await pool.copy_records_to_table("numbers", records=[(4,), (6,)], columns=["n"])

    answer, run = same(shop, path)
    assert (answer, run.verdict, shop.numbers) == ("COPY 2", "match", [4, 5]), said(run)
    assert run_of(shop, path, other)[1].verdict == "unsafe"


def test_a_prepared_statement_is_asked_and_withheld_as_any(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        async with pool.acquire() as db:
            ask = await db.prepare("SELECT amount FROM orders WHERE name = $1")
            add = await db.prepare("INSERT INTO numbers VALUES ($1)")
            await add.fetch(await ask.fetchval("old"))
            await add.executemany([(8,), (9,)])
            return await ask.fetchrow("none"), add.get_statusmsg(), ask.get_query()

    answer, run = same(shop, path)
    assert answer == (None, "INSERT 0 1", "SELECT amount FROM orders WHERE name = $1")
    assert (run.verdict, shop.numbers) == ("match", [1, 8, 9]), said(run)


def test_a_cursor_gives_its_rows_in_parts(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        async with pool.acquire() as db, db.transaction():
            query = "SELECT n FROM generate_series(1, $1) AS n"
            walked = [row["n"] async for row in db.cursor(query, 120, prefetch=50)]
            cursor = await db.cursor(query, 10)
            skipped = await cursor.forward(3)
            return sum(walked), skipped, await cursor.fetch(2), await cursor.fetchrow(), await cursor.fetch(9)

    answer, run = same(shop, path)
    assert answer[:2] == (7260, 3)
    assert [len(answer[2]), answer[3][0], len(answer[4])] == [2, 6, 4]
    assert run.verdict == "match", said(run)


def test_settings_of_a_connection_are_no_effect(shop: Tables) -> None:
    async def path(pool: Any) -> Any:
        async with pool.acquire() as db, db.transaction(isolation="serializable"):
            await db.execute("SET LOCAL statement_timeout = 5000")
            return await db.fetchval("SHOW statement_timeout"), db.is_in_transaction()

    answer, run = same(shop, path)
    assert (answer, run.verdict, effects(run)) == (("5s", True), "match", ()), said(run)


def test_a_telling_function_in_a_question_is_an_effect(shop: Tables) -> None:
    async def tells(pool: Any) -> Any:
        await pool.execute("SELECT pg_notify('orders', $1)", "a")

    async def is_silent(pool: Any) -> Any:
        return None

    assert same(shop, tells)[1].verdict == "match"
    assert run_of(shop, tells, is_silent)[1].verdict == "unsafe"


def test_tasks_at_the_same_time_are_the_same_work(shop: Tables) -> None:
    async def one(pool: Any, number: int) -> Any:
        async with pool.acquire() as db, db.transaction():
            await db.execute("INSERT INTO numbers VALUES ($1)", number)
            if number == 2:
                raise ValueError("no")
        return await pool.fetchval("SELECT $1::int", number)

    async def path(pool: Any) -> Any:
        found = await asyncio.gather(*(one(pool, n) for n in (1, 2, 3)), return_exceptions=True)
        return [str(each) for each in found]

    answer, run = same(shop, path, max_size=3)
    assert (answer, run.verdict, shop.numbers) == (["1", "no", "3"], "match", [1, 3]), said(run)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_a_connection_that_is_given_stays_as_it_is(shop: Tables, stage: str) -> None:
    async def path(db: Any) -> Any:
        async with db.transaction():
            await db.execute("INSERT INTO numbers VALUES (1)")
        return db.is_in_transaction()

    async def caller(pool: Any, seam_path: Any) -> Any:
        async with pool.acquire() as db, db.transaction():
            return await seam_path(db)

    runs: list[Any] = []

    async def scene() -> Any:
        async with pool_of(shop) as pool:
            migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append)
            migration.use("asyncpg")

            async def candidate(db: Any) -> Any:
                return await path(db)

            return await caller(pool, migration.seam("s", legacy=path, candidate=candidate))

    assert asyncio.run(scene()) is True
    assert (runs[-1].verdict, shop.numbers) == ("match", [1]), said(runs[-1])


def test_what_a_run_inside_wrote_counts_there_whatever_the_run_around_it_does(shop: Tables) -> None:
    runs: list[Any] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"}, sink=runs.append
    )
    migration.use("asyncpg")

    async def writes(db: Any) -> None:
        await db.execute("INSERT INTO numbers VALUES (2)")

    async def writes_too(db: Any) -> None:
        await writes(db)

    inner = migration.seam("inner", legacy=writes, candidate=writes_too)

    async def outer(pool: Any) -> str:
        async with pool.acquire() as db:
            transaction = db.transaction()
            await transaction.start()
            await inner(db)
            await transaction.rollback()
        return "no"

    async def outer_again(pool: Any) -> str:
        return await outer(pool)

    async def scene() -> Any:
        async with pool_of(shop) as pool:
            return await migration.seam("s", legacy=outer, candidate=outer_again)(pool)

    assert asyncio.run(scene()) == "no"
    assert [(run.seam, run.verdict) for run in runs] == [("inner", "match"), ("s", "match")], said(runs[0])
    assert [len(effects(run)) for run in runs] == [1, 0]
