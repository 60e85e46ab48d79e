"""What a path may do with `sqlite3` besides: what only reads, what is not seen, what is no world."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from tests.changeover.support.sqlite_runs import ROWS, TAPE, judged, take
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop


@pytest.mark.parametrize("kind", [ROWS, TAPE])
def test_a_path_that_only_reads_is_given_what_is_there(shop: Shop, kind: str) -> None:
    run = judged(
        shop,
        lambda ref: shop.db.execute(LEFT).fetchone()[0],
        lambda ref: next(iter(shop.db.execute(LEFT)))[0],
        "r1",
        kind=kind,
    )
    assert run.verdict == "match", run.reason or run.divergences


def test_rows_where_legacy_wrote_nothing_differ_and_are_not_there(shop: Shop) -> None:
    run = judged(shop, lambda ref: None, lambda ref: take(shop.db, ref) and None, "r1")
    assert run.verdict == "unsafe", run.reason
    assert shop.contents()[1] == [("old", 1)]


def test_a_database_in_memory_of_the_program_is_turned_back(shop: Shop) -> None:
    kept: list[Any] = []

    def opened() -> Any:
        db = sqlite3.connect(":memory:")
        db.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1)")
        kept.append(db)
        return db

    def path(db: Any, more: int = 0) -> Any:
        with db:
            db.execute("UPDATE t SET n = n + ?", (1 + more,))
        return db.execute("SELECT n FROM t").fetchone()

    for more, verdict in ((0, "match"), (1, "unsafe")):
        run = judged(shop, path, partial(path, more=more), opened)
        assert run.verdict == verdict, run.reason or run.divergences
        assert kept[-1].execute("SELECT n FROM t").fetchall() == [(2,)]


def test_a_database_in_memory_of_the_path_is_its_own(shop: Shop) -> None:
    def path(number: int) -> Any:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE TABLE t (n)")
            db.execute("INSERT INTO t VALUES (?)", (number,))
            return db.execute("SELECT n FROM t").fetchall()

    assert judged(shop, path, lambda number: path(number), 3).verdict == "match"


def schema(shop: Shop) -> None:
    shop.db.execute("CREATE TABLE more (n)")


def script(shop: Shop) -> None:
    shop.db.executescript("UPDATE stock SET on_hand = 0; UPDATE orders SET qty = 0")


def counts_changes(shop: Shop) -> int:
    return int(shop.db.total_changes)


KEPT: list[Any] = []


def left_open_and_kept(shop: Shop) -> Any:
    KEPT.append(sqlite3.connect(shop.path))
    KEPT[-1].execute(TAKE, (1, "s1"))


def two_at_once(shop: Shop) -> Any:
    with closing(sqlite3.connect(shop.path)) as one, closing(sqlite3.connect(shop.path)) as other:
        one.execute(TAKE, (1, "s1"))
        found = other.execute(LEFT).fetchone()
        one.commit()
        return found


def two_files(shop: Shop) -> Any:
    take(shop.db, "r1")
    with closing(sqlite3.connect(f"{shop.path}.other")) as other:
        return other.execute("SELECT 1").fetchone()


UNSEEN = {
    schema: "CREATE changes the schema",
    script: "executescript of sqlite3",
    counts_changes: "total_changes of sqlite3",
    left_open_and_kept: "left with a transaction open",
    two_at_once: "a transaction was open on one connection while another one was used",
    two_files: "two databases in one path",
}


@pytest.mark.parametrize(("path", "why"), UNSEEN.items(), ids=[path.__name__ for path in UNSEEN])
def test_what_cannot_be_seen_is_no_verdict_and_says_what(shop: Shop, path: Any, why: str) -> None:
    run = judged(shop, lambda _: path(shop), lambda _: path(shop), 1)
    for db in KEPT:
        db.close()
    KEPT.clear()
    assert run.verdict == "failed"
    assert why in str(run.reason)


def test_a_candidate_that_forgets_to_commit_differs(shop: Shop) -> None:
    def legacy(ref: str) -> None:
        with closing(sqlite3.connect(shop.path)) as db:
            take(db, ref)

    def candidate(ref: str) -> None:
        with closing(sqlite3.connect(shop.path)) as db:
            db.execute(TAKE, (2, "s1"))
            db.execute(ORDER, (ref, 2))

    run = judged(shop, legacy, candidate, "r1")
    assert run.verdict == "unsafe", run.reason
