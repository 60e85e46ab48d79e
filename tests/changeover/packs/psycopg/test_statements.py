"""Statements, rows, errors and transactions of psycopg, on a connection that was open before the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import class_row, dict_row, namedtuple_row
from psycopg.types.json import Jsonb

from tests.changeover.support.asyncpg_shop import effects, said
from tests.changeover.support.driver_tables import Tables
from tests.changeover.support.psycopg_shop import run_of, same, same_awaited

INSERT = "INSERT INTO orders (name, amount) VALUES (%s, %s) RETURNING id, name"


def placed(db: Any) -> Any:
    order, name = db.execute(INSERT, ("a", 2)).fetchone()
    with db.cursor() as cursor:
        cursor.executemany("INSERT INTO numbers VALUES (%s)", [(1,), (2,)])
        many = cursor.rowcount
    left = db.execute("SELECT count(*) FROM orders").fetchone()
    db.commit()
    return order > 0, name, many, left


def test_what_is_committed_is_carried_out_once_and_matches(shop: Tables) -> None:
    answer, run = same(shop, placed)
    assert (answer, run.verdict) == ((True, "a", 2, (2,)), "match"), said(run)
    assert (shop.orders, shop.numbers) == ([("old", 1), ("a", 2)], [1, 2])
    assert [call.name for call in effects(run)] == ["db.write", "db.write", "db.commit"]


def test_what_is_left_to_the_caller_to_commit_is_an_effect(shop: Tables) -> None:
    def path(db: Any) -> Any:
        db.execute("INSERT INTO numbers VALUES (1)")

    def nothing(db: Any) -> Any:
        return None

    assert same(shop, path)[1].verdict == "match"
    assert run_of(shop, path, nothing)[1].verdict == "unsafe"
    assert shop.numbers == [1, 1]


def test_what_was_rolled_back_is_no_effect(shop: Tables) -> None:
    def tried(db: Any) -> str:
        db.execute("INSERT INTO numbers VALUES (7)")
        db.rollback()
        return "no"

    def nothing(db: Any) -> str:
        return "no"

    answer, run = same(shop, tried)
    assert (answer, run.verdict, effects(run)) == ("no", "match", ()), said(run)
    assert run_of(shop, tried, nothing)[1].verdict == "match"
    assert shop.numbers == []


@pytest.mark.parametrize(("legacy", "candidate"), [("commit", "rollback"), ("rollback", "commit")])
def test_one_who_commits_what_the_other_one_rolls_back_differs(
    shop: Tables, legacy: str, candidate: str
) -> None:
    def ending(how: str) -> Any:
        def path(db: Any) -> None:
            db.execute("INSERT INTO numbers VALUES (7)")
            getattr(db, how)()

        return path

    _, run = run_of(shop, ending(legacy), ending(candidate))
    assert run.verdict == "unsafe", said(run)
    assert {one.place.partition("[")[0] for one in run.divergences} == {
        "effects.db.write",
        "effects.db.commit",
    }


def test_what_was_rolled_back_to_a_savepoint_is_no_effect_and_the_rest_is(shop: Tables) -> None:
    def path(db: Any) -> Any:
        with db.transaction():
            db.execute("INSERT INTO numbers VALUES (1)")
            try:
                with db.transaction():
                    db.execute("INSERT INTO numbers VALUES (2)")
                    db.execute("INSERT INTO orders (name) VALUES ('old')")
            except psycopg.errors.UniqueViolation as error:
                kept = error.diag.constraint_name, error.sqlstate, str(error)
            with db.transaction(force_rollback=True):
                db.execute("INSERT INTO numbers VALUES (4)")
            with db.transaction("named"):
                db.execute("INSERT INTO numbers VALUES (3)")
        return kept

    answer, run = same(shop, path, autocommit=True)
    assert answer[:2] == ("orders_name_key", "23505")
    assert (run.verdict, shop.numbers) == ("match", [1, 3]), said(run)
    assert [call.arguments.get("statement", call.name) for call in effects(run)] == [
        "INSERT INTO numbers VALUES (1)",
        "INSERT INTO numbers VALUES (3)",
        "db.commit",
    ]


@dataclass
class Order:
    """A row as the program has it."""

    name: str
    amount: int


@pytest.mark.parametrize(
    "factory", [dict_row, namedtuple_row, class_row(Order)], ids=["dict", "tuple", "class"]
)
def test_rows_come_as_the_row_factory_makes_them(shop: Tables, factory: Any) -> None:
    def path(db: Any) -> Any:
        with db.cursor(row_factory=factory) as cursor:
            cursor.execute("SELECT name, amount FROM orders WHERE amount = %(amount)s", {"amount": 1})
            first = cursor.fetchone()
            names = [(column.name, column.type_code) for column in cursor.description]
            return first, cursor.fetchone(), names, cursor.rowcount, cursor.statusmessage

    answer, run = same(shop, path)
    assert answer[1:] == (None, [("name", 25), ("amount", 23)], 1, "SELECT 1")
    assert run.verdict == "match", said(run)


def test_a_statement_is_the_same_in_whatever_form(shop: Tables) -> None:
    def texts(db: Any) -> Any:
        return db.execute("SELECT   %s::jsonb AS found", [Jsonb({"a": 1})]).fetchall()

    def composed(db: Any) -> Any:
        query = sql.SQL("SELECT %s::jsonb AS {}").format(sql.Identifier("found"))
        return db.execute(query, (Jsonb({"a": 1}),)).fetchall()

    def bare(db: Any) -> Any:
        return db.execute(b"SELECT %s::jsonb AS found", (Jsonb({"a": 1}),)).fetchall()

    assert run_of(shop, texts, bare)[1].verdict == "match"
    assert run_of(shop, texts, composed)[1].verdict == "failed"  # it quotes the name: another text


def test_an_error_is_that_of_the_library_with_what_it_says(shop: Tables) -> None:
    seen: list[Any] = []

    def path(db: Any) -> None:
        try:
            db.execute("INSERT INTO orders (name) VALUES (%s)", ["old"])
        except psycopg.errors.UniqueViolation as error:
            seen.append((type(error), error.sqlstate, error.diag.constraint_name, str(error)))
            seen.append(db.info.transaction_status)
            raise

    answer, run = same(shop, path)
    assert isinstance(answer, psycopg.errors.UniqueViolation)
    assert (run.verdict, seen[:2]) == ("match", seen[2:]), said(run)


def test_the_same_work_awaited(shop: Tables) -> None:
    async def path(db: Any) -> Any:
        async with db.transaction():
            await db.execute("INSERT INTO numbers VALUES (%s)", [1])
            try:
                async with db.transaction():
                    await db.execute("INSERT INTO orders (name) VALUES ('old')")
            except psycopg.errors.UniqueViolation as error:
                kept = error.diag.constraint_name
        async with db.cursor() as cursor:
            await cursor.executemany("INSERT INTO numbers VALUES (%s)", [(2,), (3,)])
            found = await cursor.execute("SELECT n FROM generate_series(1, 3) AS n")
            rows = [row async for row in found]
        await db.rollback()
        return kept, rows

    answer, run = same_awaited(shop, path)
    assert answer == ("orders_name_key", [(1,), (2,), (3,)])
    assert (run.verdict, shop.numbers) == ("match", [1]), said(run)


def test_a_connection_that_a_replay_closes_stays_open(shop: Tables) -> None:
    def path(db: Any) -> Any:
        return db.execute("SELECT 1").fetchone()

    def closing(db: Any) -> Any:
        found = path(db)
        db.close()
        return found

    answer, run = run_of(shop, path, closing)
    assert (answer, run.verdict) == ((1,), "match"), said(run)


def test_settings_of_a_connection_are_no_effect(shop: Tables) -> None:
    def path(db: Any) -> Any:
        db.execute("SET LOCAL statement_timeout = 5000")
        return db.execute("SHOW statement_timeout").fetchone()

    answer, run = same(shop, path)
    assert (answer, run.verdict, effects(run)) == (("5s",), "match", ()), said(run)


ENDINGS = {
    "commits": lambda db: db.commit(),
    "rolls back": lambda db: db.rollback(),
    "closes": lambda db: db.close(),
    "leaves it": lambda db: None,
}


@pytest.mark.parametrize("candidate", ENDINGS)
@pytest.mark.parametrize("legacy", ENDINGS)
def test_how_the_transaction_of_the_caller_ends_is_compared(
    shop: Tables, legacy: str, candidate: str
) -> None:
    def ending(how: str) -> Any:
        def path(db: Any) -> None:
            db.execute("INSERT INTO numbers VALUES (7)")
            ENDINGS[how](db)  # type: ignore[no-untyped-call]

        return path

    def caller(db: Any) -> None:
        db.execute("INSERT INTO numbers VALUES (6)")

    _, run = run_of(shop, ending(legacy), ending(candidate), before=caller)
    lost = ("rolls back", "closes")
    is_same = legacy == candidate or {legacy, candidate} == {*lost}
    assert run.verdict == ("match" if is_same else "unsafe"), said(run)
    assert shop.numbers == ([] if legacy in lost else [6, 7])
