"""A scenario of a path that changes rows is replayed where the database of Django is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from changeover import Case, Migration, Run
from tests.changeover.support.django_shop import (
    DATABASES,
    Order,
    Stock,
    contents,
    place_by_orm,
    place_by_sql,
    shop_in,
)
from tests.changeover.support.scenario_lines import replayed_lines, scenario_lines

Placing = Callable[..., Any]
ITEMS = [("s1", 2), ("s2", 1)]
REFS = ("r1", "r2", "r3")
NOWHERE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/at/all/shop.db"}


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with shop_in(request.param, tmp_path):
        yield request.param


def project(legacy: Placing, candidate: Placing) -> tuple[Migration, Any]:
    migration = Migration(environment={})
    migration.use("django")
    return migration, migration.seam("shop.place", legacy=legacy, candidate=candidate)


def lines_of(legacy: Placing, candidate: Placing, *, in_block: bool = False) -> list[bytes]:
    migration, seam = project(legacy, candidate)

    def called(ref: str) -> None:
        if not in_block:
            seam(ref, ITEMS)
            return
        with transaction.atomic():
            seam(ref, ITEMS)

    migration.source("orders", population="generated")(
        lambda _: [Case(ref, partial(called, ref)) for ref in REFS]
    )
    return scenario_lines(migration, "orders")


def replayed(shop: str, lines: list[bytes], *paths: Placing, is_alone: bool = False) -> list[Run]:
    """With a database that cannot be reached; the maker is known from the settings alone."""
    nowhere = {"PORT": "1", "HOST": "127.0.0.1"} if shop == "postgresql" else NOWHERE
    there = connection.settings_dict | nowhere
    before, open_now = connections.settings, connections["default"]
    connections.settings = connections.configure_settings({"default": there})
    connections["default"] = connections.create_connection("default")
    try:
        return replayed_lines(project(*paths)[0], lines, is_alone=is_alone)
    finally:
        connections.settings = before
        connections["default"] = open_now


def verdicts(runs: list[Run]) -> list[str]:
    return [str(run.verdict) for run in runs]


@pytest.mark.parametrize("in_block", [False, True], ids=["by itself", "inside atomic()"])
@pytest.mark.parametrize("candidate", [place_by_sql, place_by_orm], ids=["same statements", "a rewrite"])
def test_a_rewrite_that_changed_the_same_rows_matches_without_the_database(
    shop: str, candidate: Placing, in_block: bool
) -> None:
    again = partial(candidate)
    lines = lines_of(place_by_sql, again, in_block=in_block)
    for is_alone in (False, True):
        runs = replayed(shop, lines, place_by_sql, again, is_alone=is_alone)
        assert verdicts(runs) == ["match"] * 3, [run.reason or run.divergences for run in runs]
    assert contents()["orders"] == [("old", "new"), *((ref, "placed") for ref in REFS)]


@pytest.mark.parametrize("fault", ["quantity", "reference"])
def test_a_candidate_that_differed_when_it_was_recorded_differs_again(shop: str, fault: str) -> None:
    candidate = partial(place_by_orm, fault=fault)
    lines = lines_of(place_by_sql, candidate)
    for is_alone in (False, True):
        runs = replayed(shop, lines, place_by_sql, candidate, is_alone=is_alone)
        assert verdicts(runs) == ["unsafe"] * 3, [run.reason for run in runs]


def one_more(ref: str, items: Any) -> Any:
    done = place_by_sql(ref, items)
    Stock.objects.update(on_hand=0)
    return done


def nothing(ref: str, items: Any) -> Any:
    return ref


@pytest.mark.parametrize(
    ("changed", "why"),
    [(one_more, "more than when it was recorded"), (nothing, "no longer sends what was recorded")],
)
def test_a_path_that_sends_something_else_today_is_no_verdict(
    tmp_path: Path, changed: Placing, why: str
) -> None:
    with shop_in("file", tmp_path):
        lines = lines_of(place_by_sql, partial(place_by_sql))
        for paths in ((place_by_sql, changed), (changed, place_by_sql), (changed, partial(changed))):
            runs = replayed("file", lines, *paths)
            assert verdicts(runs) == ["failed"] * 3
            assert all(why in str(run.reason) for run in runs), [run.reason for run in runs]


def refused(ref: str, items: Any) -> str:
    try:
        with transaction.atomic():
            Order.objects.create(ref="old")
    except IntegrityError as error:
        Stock.objects.filter(sku="s0").update(on_hand=1)
        return type(error).__name__
    return "taken"


def raising(ref: str, items: Any) -> None:
    Order.objects.create(ref=ref)
    Order.objects.create(ref="old")


def inner_rollback(ref: str, items: Any) -> int:
    with transaction.atomic():
        Order.objects.create(ref=ref)
        with transaction.atomic():
            Stock.objects.filter(sku="s1").update(on_hand=0)
            transaction.set_rollback(True)
    return int(Stock.objects.get(sku="s1").on_hand)


def many(ref: str, items: Any) -> list[Any]:
    Order.objects.bulk_create([Order(ref=f"{ref}-{number}", status="new") for number in range(3)])
    return [order.status for order in Order.objects.filter(ref__startswith=ref).order_by("ref").iterator()]


SHAPES = [refused, raising, inner_rollback, many]


@pytest.mark.parametrize("path", SHAPES, ids=[path.__name__ for path in SHAPES])
def test_refused_statements_rollbacks_and_many_rows_are_replayed_as_they_were(
    shop: str, path: Placing
) -> None:
    again = partial(path)
    lines = lines_of(path, again)
    for is_alone in (False, True):
        runs = replayed(shop, lines, path, again, is_alone=is_alone)
        assert verdicts(runs) == ["match"] * 3, [run.reason or run.divergences for run in runs]
