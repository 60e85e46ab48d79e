"""What makes a run `failed`, by name, while the program gets what it always did."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from changeover import Migration
from changeover.errors import DeclarationError
from tests.changeover.support.asyncpg_shop import said
from tests.changeover.support.driver_tables import Tables
from tests.changeover.support.psycopg_shop import run_of, same


def copies(db: Any) -> Any:
    with db.cursor() as cursor:
        with cursor.copy("COPY numbers FROM STDIN") as copy:
            copy.write_row((1,))
        return cursor.rowcount


def streams(db: Any) -> Any:
    with db.cursor() as cursor:
        return sum(row[0] for row in cursor.stream("SELECT 1"))


def names(db: Any) -> Any:
    with db.cursor("named") as cursor:
        return cursor.execute("SELECT 1").fetchone()[0]


def listens(db: Any) -> Any:
    return len([*db.notifies(timeout=0)]) + 1


def pipes(db: Any) -> Any:
    with db.pipeline():
        return db.execute("SELECT 1").fetchone()[0]


def several(db: Any) -> Any:
    return db.execute("SELECT 1; SELECT 2").fetchone()[0]


def returning(db: Any) -> Any:
    with db.cursor() as cursor:
        cursor.executemany("SELECT %s::int", [(1,), (2,)], returning=True)
        return cursor.fetchone()[0]


NOT_FOLLOWED = {
    "copy": (copies, "COPY of psycopg"),
    "stream": (streams, "streamed by psycopg"),
    "a cursor with a name": (names, "a cursor of psycopg with a name"),
    "listen": (listens, "LISTEN of psycopg"),
    "a pipeline": (pipes, "a pipeline of psycopg"),
    "several statements": (several, "a result for each"),
    "returning": (returning, "a result for each"),
}


@pytest.mark.parametrize("what", NOT_FOLLOWED)
def test_it_is_done_once_and_the_run_names_it(shop: Tables, what: str) -> None:
    path, why = NOT_FOLLOWED[what]
    answer, run = same(shop, path)
    assert (answer, run.verdict) == (1, "failed"), said(run)
    assert why in str(run.reason)
    assert len(shop.numbers) <= 1


@pytest.mark.parametrize("what", sorted(NOT_FOLLOWED.keys() - {"several statements", "returning"}))
def test_a_replay_alone_that_does_it_reaches_nothing(shop: Tables, what: str) -> None:
    _, run = run_of(shop, lambda db: 1, NOT_FOLLOWED[what][0])
    assert run.verdict == "failed", said(run)
    assert NOT_FOLLOWED[what][1] in str(run.reason)
    assert shop.numbers == []


def test_a_commit_that_is_refused_says_nothing_of_a_replay(shop: Tables) -> None:
    shop.ask("ALTER TABLE orders ADD CONSTRAINT late UNIQUE (amount) DEFERRABLE INITIALLY DEFERRED")

    def path(db: Any) -> Any:
        db.execute("INSERT INTO orders (name, amount) VALUES ('b', 1)")
        try:
            db.commit()
        except psycopg.errors.UniqueViolation:
            return "refused"

    answer, run = same(shop, path)
    assert (answer, run.verdict, shop.orders) == ("refused", "failed", [("old", 1)])
    assert "a commit that the server has refused" in str(run.reason)


def test_a_cursor_that_was_made_before_is_used_by_no_replay(shop: Tables) -> None:
    with psycopg.connect(shop.in_schema, autocommit=True) as other, other.cursor() as cursor:
        _, run = run_of(
            shop, lambda db: None, lambda db: cursor.execute("INSERT INTO numbers VALUES (1)") and None
        )
    assert (run.verdict, shop.numbers) == ("failed", [])
    assert "was made before the path" in str(run.reason)


def test_rows_cannot_be_asked_for() -> None:
    with pytest.raises(DeclarationError, match="of psycopg the statements are"):
        Migration().use("psycopg", rows=True)
