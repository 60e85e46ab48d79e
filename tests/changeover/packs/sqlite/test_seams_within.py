"""A seam inside of one whose rows are compared is compared by its statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.nested_runs import HOW, Take, nested_runs
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
def judged(request: pytest.FixtureRequest, shop: Shop) -> Callable[..., tuple[Any, dict[str, Run]]]:
    """The runs where the inner candidate takes so many times as much."""

    def runs(factor: int, **how: Any) -> tuple[Any, dict[str, Run]]:
        def use(migration: Any) -> None:
            migration.use("sqlite3", shop.path)
            shop.open()

        make = request.param
        is_given = make is takes_on_that_of_the_program
        return nested_runs(use, place(shop, is_given), make(shop), make(shop, factor), **how)

    return runs


@pytest.mark.parametrize("how", HOW, ids=str)
def test_the_same_code_matches_in_every_seam_and_acts_once(
    judged: Callable[..., tuple[Any, dict[str, Run]]], shop: Shop, how: dict[str, Any]
) -> None:
    answer, runs = judged(1, **how)
    assert {str(run.verdict) for run in runs.values()} == {"match"}, {
        name: run.reason or run.divergences for name, run in runs.items()
    }
    assert answer == (2, 4)
    assert shop.contents() == ({"s1": 4, "s2": 6}, [("old", 1), ("r1", 2)])


@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_seam_inside_that_changes_another_row_differs(
    judged: Callable[..., tuple[Any, dict[str, Run]]], shop: Shop, how: dict[str, Any]
) -> None:
    answer, runs = judged(2, **how)
    assert runs["stock.take"].verdict == "unsafe", runs["stock.take"].reason
    assert runs["shop.place"].verdict in ("match", "unsafe"), runs["shop.place"].reason
    assert answer == (2, 4)
    assert shop.contents() == ({"s1": 4, "s2": 6}, [("old", 1), ("r1", 2)])


@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_commit_of_what_the_seam_around_it_wrote_is_the_same_in_every_seam(
    shop: Shop, how: dict[str, Any]
) -> None:
    def use(migration: Any) -> None:
        migration.use("sqlite3", shop.path)
        shop.open()

    def orders(commit: Take, qty: int) -> Any:
        shop.db.execute(ORDER, ("r1", qty))
        commit(qty)
        return shop.db.execute(LEFT).fetchone()

    def commits(_: int) -> bool:
        shop.db.commit()
        return True

    answer, runs = nested_runs(use, orders, commits, lambda qty: commits(qty), **how)
    assert {str(run.verdict) for run in runs.values()} == {"match"}, {
        name: run.reason or run.divergences for name, run in runs.items()
    }
    assert answer == (6,)
    assert shop.contents()[1] == [("old", 1), ("r1", 2)]


def test_a_seam_inside_that_asks_no_database_is_compared(shop: Shop) -> None:
    def use(migration: Any) -> None:
        migration.use("sqlite3", shop.path)
        shop.open()

    _, runs = nested_runs(use, place(shop, is_given=False), lambda qty: qty, lambda qty: qty + 1)
    assert runs["stock.take"].verdict == "diverged"


@pytest.mark.parametrize(("candidate_commits", "verdict"), [(True, "match"), (False, "unsafe")])
def test_in_traffic_a_commit_of_what_the_caller_wrote_is_an_effect(
    shop: Shop, candidate_commits: bool, verdict: str
) -> None:
    def commits(_: int) -> None:
        shop.db.commit()

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlite3", shop.path)
    shop.open()
    seam = migration.seam("s", legacy=commits, candidate=lambda n: commits(n) if candidate_commits else None)
    shop.db.execute(ORDER, ("r1", 2))
    seam(1)
    assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences
    assert shop.contents()[1] == [("old", 1), ("r1", 2)]
