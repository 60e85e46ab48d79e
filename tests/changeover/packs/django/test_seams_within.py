"""A seam inside of one whose rows are compared is compared by its statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from tests.changeover.support.django_shop import DATABASES, Order, Stock, contents, shop_in
from tests.changeover.support.nested_runs import HOW, Take, nested_runs


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with shop_in(request.param, tmp_path):
        yield request.param


def takes(factor: int = 1) -> Take:
    """Takes articles in a block of its own."""

    def take(qty: int) -> Any:
        with transaction.atomic():
            before = Stock.objects.get(pk="s1").on_hand
            Stock.objects.filter(pk="s1").update(on_hand=F("on_hand") - qty * factor)
        return before - Stock.objects.get(pk="s1").on_hand

    return take


def in_one_transaction(take: Take, qty: int) -> Any:
    with transaction.atomic():
        Order.objects.create(ref="r1", status="placed")
        taken = take(qty)
    return taken, Stock.objects.get(pk="s1").on_hand


def one_after_the_other(take: Take, qty: int) -> Any:
    Order.objects.create(ref="r1", status="placed")
    taken = take(qty)
    return taken, Stock.objects.get(pk="s1").on_hand


WAYS = pytest.mark.parametrize("place", [in_one_transaction, one_after_the_other])


def use(migration: Any) -> None:
    migration.use("django")


def verdicts(runs: dict[str, Any]) -> set[str]:
    return {str(run.verdict) for run in runs.values()}


def reasons(runs: dict[str, Any]) -> dict[str, Any]:
    return {name: run.reason or run.divergences for name, run in runs.items()}


@WAYS
@pytest.mark.parametrize("how", HOW, ids=str)
def test_the_same_code_matches_in_every_seam_and_acts_once(
    shop: str, place: Any, how: dict[str, Any]
) -> None:
    answer, runs = nested_runs(use, place, takes(), takes(), **how)
    assert verdicts(runs) == {"match"}, reasons(runs)
    assert answer == (2, 4)
    assert contents()["stock"]["s1"] == 4
    assert contents()["orders"] == [("old", "new"), ("r1", "placed")]


@WAYS
@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_seam_inside_that_changes_another_row_differs(shop: str, place: Any, how: dict[str, Any]) -> None:
    answer, runs = nested_runs(use, place, takes(), takes(2), **how)
    assert runs["stock.take"].verdict == "unsafe", runs["stock.take"].reason
    assert runs["shop.place"].verdict in ("match", "unsafe"), runs["shop.place"].reason
    assert answer == (2, 4)
    assert contents()["stock"]["s1"] == 4


@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_commit_of_what_the_seam_around_it_wrote_is_the_same_in_every_seam(
    shop: str, how: dict[str, Any]
) -> None:
    def orders(commit: Take, qty: int) -> Any:
        transaction.set_autocommit(False)
        try:
            Order.objects.create(ref="r1", status="placed")
            commit(qty)
        finally:
            transaction.set_autocommit(True)
        return Stock.objects.get(pk="s1").on_hand

    def commits(_: int) -> bool:
        transaction.commit()
        return True

    answer, runs = nested_runs(use, orders, commits, lambda qty: commits(qty), **how)
    assert verdicts(runs) == {"match"}, reasons(runs)
    assert answer == 6
    assert contents()["orders"] == [("old", "new"), ("r1", "placed")]


def test_a_seam_inside_that_is_rolled_back_leaves_nothing(shop: str) -> None:
    def gives_up(qty: int) -> Any:
        try:
            with transaction.atomic():
                Stock.objects.filter(pk="s1").update(on_hand=F("on_hand") - qty)
                raise ValueError("no more of it")
        except ValueError:
            return Stock.objects.get(pk="s1").on_hand

    _, runs = nested_runs(use, in_one_transaction, gives_up, lambda qty: gives_up(qty))
    assert {str(run.verdict) for run in runs.values()} == {"match"}, [run.reason for run in runs.values()]
    assert contents()["stock"]["s1"] == 6


def test_a_seam_inside_that_asks_no_database_is_compared(shop: str) -> None:
    _, runs = nested_runs(use, in_one_transaction, lambda qty: qty, lambda qty: qty + 1)
    assert runs["stock.take"].verdict == "diverged"
