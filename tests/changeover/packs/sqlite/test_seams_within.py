"""A seam inside of one whose rows are compared is compared by its statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from changeover import Run
from tests.changeover.support.nested_runs import Take, nested_runs
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop


def takes(shop: Shop, factor: int = 1) -> Take:
    """Takes articles on a connection of its own."""

    def take(qty: int) -> Any:
        with closing(sqlite3.connect(shop.path)) as db:
            (before,) = db.execute(LEFT).fetchone()
            db.execute(TAKE, (qty * factor, "s1"))
            db.commit()
            return before - db.execute(LEFT).fetchone()[0]

    return take


def takes_on_that_of_the_program(shop: Shop, factor: int = 1) -> Take:
    """Takes articles in the transaction that the seam around it has open."""

    def take(qty: int) -> Any:
        (before,) = shop.cursor.execute(LEFT).fetchone()
        shop.cursor.execute(TAKE, (qty * factor, "s1"))
        return before - shop.cursor.execute(LEFT).fetchone()[0]

    return take


def place(shop: Shop, is_given: bool) -> Callable[[Take, int], Any]:
    """Orders, has the articles taken, and looks what is left."""

    def path(take: Take, qty: int) -> Any:
        with shop.db:
            shop.db.execute(ORDER, ("r1", qty))
            taken = take(qty) if is_given else None
        taken = taken if is_given else take(qty)
        return taken, shop.db.execute(LEFT).fetchone()[0]

    return path


@pytest.fixture(params=[takes, takes_on_that_of_the_program])
def judged(request: pytest.FixtureRequest, shop: Shop) -> Callable[[int], dict[str, Run]]:
    """The runs where the inner candidate takes so many times as much."""

    def runs(factor: int) -> dict[str, Run]:
        def use(migration: Any) -> None:
            migration.use("sqlite3", shop.path)
            shop.open()

        make = request.param
        is_given = make is takes_on_that_of_the_program
        return nested_runs(use, place(shop, is_given), make(shop), make(shop, factor))

    return runs


def test_the_same_code_matches_in_both_seams_and_acts_once(
    judged: Callable[[int], dict[str, Run]], shop: Shop
) -> None:
    runs = judged(1)
    assert {name: str(run.verdict) for name, run in runs.items()} == {
        "stock.take": "match",
        "shop.place": "match",
    }, [run.reason or run.divergences for run in runs.values()]
    assert shop.contents() == ({"s1": 4, "s2": 6}, [("old", 1), ("r1", 2)])


def test_a_seam_inside_that_changes_another_row_differs(
    judged: Callable[[int], dict[str, Run]], shop: Shop
) -> None:
    runs = judged(2)
    assert runs["stock.take"].verdict == "unsafe", runs["stock.take"].reason
    assert runs["shop.place"].verdict in ("match", "unsafe"), runs["shop.place"].reason
    assert shop.contents() == ({"s1": 4, "s2": 6}, [("old", 1), ("r1", 2)])


def test_a_seam_inside_that_asks_no_database_is_compared(shop: Shop) -> None:
    def use(migration: Any) -> None:
        migration.use("sqlite3", shop.path)
        shop.open()

    runs = nested_runs(use, place(shop, is_given=False), lambda qty: qty, lambda qty: qty + 1)
    assert runs["stock.take"].verdict == "diverged"
