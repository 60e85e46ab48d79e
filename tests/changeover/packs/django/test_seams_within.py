"""A seam inside of one whose rows are compared is compared by its statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from tests.changeover.support.django_shop import DATABASES, Order, Stock, contents, shop_in
from tests.changeover.support.nested_runs import Take, nested_runs


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


@WAYS
def test_the_same_code_matches_in_both_seams_and_acts_once(shop: str, place: Any) -> None:
    runs = nested_runs(use, place, takes(), takes())
    assert {name: str(run.verdict) for name, run in runs.items()} == {
        "stock.take": "match",
        "shop.place": "match",
    }, [run.reason or run.divergences for run in runs.values()]
    assert contents()["stock"]["s1"] == 4
    assert contents()["orders"] == [("old", "new"), ("r1", "placed")]


@WAYS
def test_a_seam_inside_that_changes_another_row_differs(shop: str, place: Any) -> None:
    runs = nested_runs(use, place, takes(), takes(2))
    assert runs["stock.take"].verdict == "unsafe", runs["stock.take"].reason
    assert runs["shop.place"].verdict in ("match", "unsafe"), runs["shop.place"].reason
    assert contents()["stock"]["s1"] == 4


def test_a_seam_inside_that_is_rolled_back_leaves_nothing(shop: str) -> None:
    def gives_up(qty: int) -> Any:
        try:
            with transaction.atomic():
                Stock.objects.filter(pk="s1").update(on_hand=F("on_hand") - qty)
                raise ValueError("no more of it")
        except ValueError:
            return Stock.objects.get(pk="s1").on_hand

    runs = nested_runs(use, in_one_transaction, gives_up, lambda qty: gives_up(qty))
    assert {str(run.verdict) for run in runs.values()} == {"match"}, [run.reason for run in runs.values()]
    assert contents()["stock"]["s1"] == 6


def test_a_seam_inside_that_asks_no_database_is_compared(shop: str) -> None:
    runs = nested_runs(use, in_one_transaction, lambda qty: qty, lambda qty: qty + 1)
    assert runs["stock.take"].verdict == "diverged"
