"""In the program's own traffic statements of Django stand on the tape: a replay writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connection, transaction

from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.django_shop import (
    DATABASES,
    Order,
    Stock,
    contents,
    forget_async_connection,
    place_by_orm,
    place_by_sql,
    shadowed,
    shop_in,
)

ITEMS = [("s1", 2), ("s2", 1)]


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with shop_in(request.param, tmp_path):
        yield request.param


def run_of(legacy: Any, candidate: Any, *given: Any, **options: Any) -> Any:
    seam, runs = shadowed(legacy, candidate, own_traffic=True, **options)
    seam(*given or ("r1", ITEMS))
    return runs[-1]


@pytest.mark.parametrize("path", [place_by_sql, place_by_orm], ids=["sql", "orm"])
def test_the_same_statements_match_and_happen_once(shop: str, path: Any) -> None:
    run = run_of(path, lambda *given: path(*given))
    assert run.verdict == "match", run.reason or run.divergences
    assert contents()["stock"] == {"s0": 6, "s1": 4, "s2": 5, "s3": 6}
    assert contents()["lines"] == ITEMS


@pytest.mark.parametrize("fault", ["quantity", "reference"])
def test_the_same_statement_with_other_values_differs(shop: str, fault: str) -> None:
    run = run_of(place_by_orm, lambda *given: place_by_orm(*given, fault=fault))
    assert run.verdict == "unsafe", run.reason
    assert contents()["lines"] == ITEMS


def test_statements_that_legacy_never_sent_are_no_verdict(shop: str) -> None:
    run = run_of(place_by_sql, place_by_orm)
    assert (run.verdict, "no such statement" in str(run.reason)) == ("failed", True)
    assert contents()["orders"] == [("old", "new"), ("r1", "placed")]


def test_rows_where_legacy_wrote_nothing_differ_and_are_not_there(shop: str) -> None:
    run = run_of(lambda *_: None, lambda *_: Order.objects.bulk_create([Order(ref="r9")]) and None)
    assert run.verdict == "unsafe"
    assert contents()["orders"] == [("old", "new")]


def test_a_missing_commit_differs(shop: str) -> None:
    def rolls_back(*given: Any) -> Any:
        with transaction.atomic():
            found = place_by_sql(*given)
            transaction.set_rollback(True)
        return found

    run = run_of(place_by_sql, rolls_back)
    assert (run.verdict, [one.place for one in run.divergences]) == ("unsafe", ["effects.db.commit[]"])


def test_an_error_of_the_database_is_caught_alike(shop: str) -> None:
    def path(*_: Any) -> str:
        try:
            with transaction.atomic():
                Order.objects.create(ref="old")
        except IntegrityError as error:
            Stock.objects.filter(sku="s0").update(on_hand=1)
            return type(error).__name__
        return "taken"

    run = run_of(path, lambda *given: path(*given))
    assert run.verdict == "match", run.reason or run.divergences
    assert contents()["stock"]["s0"] == 1


def test_many_rows_of_a_generator_are_written_once(shop: str) -> None:
    def path(*_: Any) -> None:
        with connection.cursor() as db:
            rows = ((f"m{number}", number, True) for number in range(3))
            db.executemany("INSERT INTO stock (sku, on_hand, is_sold) VALUES (%s, %s, %s)", rows)

    run = run_of(path, lambda *given: path(*given))
    assert run.verdict == "match", run.reason or run.divergences
    assert Stock.objects.filter(sku__startswith="m").count() == 3


def test_rows_that_are_gone_through_piece_by_piece_are_the_same(shop: str) -> None:
    def path(*_: Any) -> list[str]:
        return [article.sku for article in Stock.objects.order_by("sku").iterator(chunk_size=2)]

    run = run_of(path, lambda *given: path(*given))
    assert run.verdict == "match", run.reason or run.divergences


def test_in_a_transaction_of_the_caller_a_replay_s_function_of_on_commit_does_not_run(shop: str) -> None:
    ran: list[str] = []

    def path(*_: Any) -> None:
        Stock.objects.filter(sku="s0").update(on_hand=1)
        transaction.on_commit(lambda: ran.append("legacy"))

    def candidate(*_: Any) -> None:
        Stock.objects.filter(sku="s0").update(on_hand=1)
        transaction.on_commit(lambda: ran.append("candidate"))

    def forgets(*_: Any) -> None:
        Stock.objects.filter(sku="s0").update(on_hand=1)

    with transaction.atomic():
        both, one = run_of(path, candidate), run_of(path, forgets)
    assert (both.verdict, one.verdict) == ("failed", "unsafe"), both.reason or one.reason
    assert ran == ["legacy", "legacy"]


def test_where_the_path_commits_its_functions_run_and_their_statements_count(shop: str) -> None:
    def path(number: int) -> Any:
        def done(*_: Any) -> None:
            with transaction.atomic():
                Stock.objects.filter(sku="s0").update(on_hand=1)
                transaction.on_commit(lambda: Stock.objects.filter(sku="s1").update(on_hand=number) and None)

        return done

    assert run_of(path(2), path(2)).verdict == "match"
    assert run_of(path(2), path(3)).verdict == "unsafe"
    assert contents()["stock"]["s1"] == 2


def test_the_rows_of_traffic_are_compared_where_that_is_asked_for(tmp_path: Path) -> None:
    for kind in ("file", "postgresql"):
        with shop_in(kind, tmp_path):
            run = run_of(place_by_sql, place_by_orm, rows=True, deadline_ms=20_000)
            assert run.verdict == "match", run.reason or run.divergences


def test_a_copy_whose_time_is_up_before_it_is_made_says_so(tmp_path: Path) -> None:
    with shop_in("postgresql", tmp_path):
        run = run_of(place_by_sql, place_by_orm, rows=True, deadline_ms=1)
    assert (run.verdict, "the time for a copy of the database is up" in str(run.reason)) == ("failed", True)


def test_rows_of_a_database_in_memory_are_not_compared_in_traffic(tmp_path: Path) -> None:
    with shop_in("memory", tmp_path):
        run = run_of(place_by_sql, place_by_orm, rows=True)
    assert run.verdict == "failed"
    assert "rows of a database in one connection" in str(run.reason)


def test_async_paths_are_followed_where_django_keeps_their_connection(tmp_path: Path) -> None:
    async def by_orm(ref: str) -> str:
        await Order.objects.acreate(ref=ref, status="new")
        return ref

    async def by_sql(ref: str) -> str:
        def insert() -> None:
            with connection.cursor() as db:
                db.execute("INSERT INTO orders (ref, status) VALUES (%s, 'new')", [ref])

        await sync_to_async(insert)()
        return ref

    async def wrong(ref: str) -> str:
        await Order.objects.acreate(ref=ref, status="old")
        return ref

    with shop_in("file", tmp_path):
        forget_async_connection()
        for candidate, verdict in ((by_sql, "match"), (wrong, "unsafe")):
            seam, runs = shadowed(by_orm, candidate, own_traffic=True)
            with as_under_a_test():
                asyncio.run(seam(f"r-{verdict}"))
            assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences
        forget_async_connection()
        assert contents()["orders"] == [("old", "new"), ("r-match", "new"), ("r-unsafe", "new")]


def test_a_question_that_legacy_asked_in_other_words_is_one_reason_with_the_way_out(shop: str) -> None:
    def asks(words: str) -> Any:
        def path(reference: str, items: Any) -> int:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {words} FROM stock WHERE sku = %s", [items[0][0]])
                return int(cursor.fetchone()[0])

        return path

    run = run_of(asks("on_hand"), asks("stock.on_hand"))
    assert (
        run.verdict,
        "compared with rows = true, where the mode is inline or background (a worker" in str(run.reason),
    ) == ("failed", True)
    assert "SELECT stock.on_hand FROM stock" in str(run.reason)
    assert "s1" not in str(run.reason)  # with other parameters it is the same reason
