"""A model or query set that a path is given asks the database of that path, in a replay too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from changeover import Migration, Run
from tests.changeover.support.django_shop import (
    DATABASES,
    Line,
    Order,
    Stock,
    contents,
    shadowed,
    shop_in,
)


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with shop_in(request.param, tmp_path):
        order = Order.objects.get(ref="old")
        Line.objects.create(order=order, stock=Stock.objects.get(pk="s1"), qty=2)
        yield request.param


def set_status(order: Order, status: str) -> Any:
    order.status = status
    order.save()
    return order.status


def reload(order: Order, _: str) -> Any:
    Order.objects.filter(pk=order.pk).update(status="changed")
    order.refresh_from_db()
    return order.status


def add_line(order: Order, _: str) -> Any:
    line = order.lines.create(stock=Stock.objects.get(pk="s2"), qty=1)
    return line.order.ref, order.lines.count()


def follow_key(order: Order, _: str) -> Any:
    line = Line.objects.get(order=order)
    line.stock.on_hand -= line.qty
    line.stock.save(update_fields=["on_hand"])
    return [one.stock.on_hand for one in order.lines.all()]


def remove(order: Order, _: str) -> Any:
    return order.lines.get().delete()[0]


WITH_A_MODEL: tuple[Callable[[Order, str], Any], ...] = (set_status, reload, add_line, follow_key, remove)
OF_THE_OWN_TRAFFIC = pytest.mark.parametrize("own_traffic", [False, True])


def given(path: Callable[..., Any], make: Callable[[], Any], **options: Any) -> Run:
    """The run of a path that is given an object; the candidate is that path again."""
    seam, runs = shadowed(path, lambda *args: path(*args), **options)
    seam(make(), "paid")
    run: Run = runs[-1]
    return run


@OF_THE_OWN_TRAFFIC
@pytest.mark.parametrize("path", WITH_A_MODEL)
def test_a_path_works_with_a_model_that_it_is_given(shop: str, path: Any, own_traffic: bool) -> None:
    run = given(path, lambda: Order.objects.get(ref="old"), own_traffic=own_traffic)
    assert run.verdict == "match", run.reason or run.divergences


def test_what_was_not_loaded_is_asked_for(shop: str) -> None:
    def read(line: Line, _: str) -> Any:
        return line.order.ref, line.stock.sku, line.qty

    for make in (lambda: Line.objects.get(), lambda: Line.objects.only("id").get()):
        run = given(read, make)
        assert run.verdict == "match", run.reason or run.divergences


@OF_THE_OWN_TRAFFIC
def test_a_query_set_that_it_is_given_is_asked_of_the_same_database(shop: str, own_traffic: bool) -> None:
    def sell(articles: Any, _: str) -> Any:
        names = [one.sku for one in articles]
        return names, articles.filter(sku="s1").update(on_hand=F("on_hand") - 1)

    run = given(sell, lambda: Stock.objects.filter(on_hand__gt=0).order_by("sku"), own_traffic=own_traffic)
    assert run.verdict == "match", run.reason or run.divergences
    assert contents()["stock"]["s1"] == 5


def test_relations_that_a_query_set_loads_ahead_are_loaded_in_a_replay_too(shop: str) -> None:
    def count(orders: Any, _: str) -> Any:
        return [(order.ref, [line.qty for line in order.lines.all()]) for order in orders]

    run = given(count, lambda: Order.objects.prefetch_related("lines").order_by("id"))
    assert run.verdict == "match", run.reason or run.divergences


def test_rows_of_a_relation_lead_to_the_model_of_the_replay(shop: str) -> None:
    order = Order.objects.get(ref="old")

    def rename(lines: Any, _: str) -> Any:
        for line in lines:
            line.order.status = "seen"
        return None

    seam, runs = shadowed(lambda *_: None, rename)
    seam(order.lines.all(), "paid")
    assert order.status == "new", "the replay has set it on the object of the program"
    assert runs[-1].verdict in ("match", "diverged", "failed")


@OF_THE_OWN_TRAFFIC
def test_another_value_that_is_saved_differs_and_is_not_kept(shop: str, own_traffic: bool) -> None:
    seam, runs = shadowed(set_status, lambda order, _: set_status(order, "sent"), own_traffic=own_traffic)
    seam(Order.objects.get(ref="old"), "paid")
    assert runs[-1].verdict == "unsafe", runs[-1].reason
    assert contents()["orders"] == [("old", "paid")]


def test_without_the_pack_a_model_asks_nothing_in_a_replay(shop: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    seam = migration.seam("s", legacy=lambda order: order.ref, candidate=lambda order: order.lines.count())
    seam(Order.objects.get(ref="old"))
    assert runs[-1].verdict == "failed"
    assert "Order" in (runs[-1].reason or "") or "database of a model" in (runs[-1].reason or "")
