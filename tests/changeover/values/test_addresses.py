"""Where an object lies is chance: a text with an address in it is the same wherever the object lies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.content_key import frozen
from changeover.values.equality import strictly_same
from changeover.values.form import token
from changeover.values.verdict import Verdict
from tests.changeover.support.observations import differences

HERE, THERE = "0x7f8f9ab61d50", "0x55d0c1a2b3e0"


class Order:
    pass


TEXTS = [
    "<shop.Order object at {}>",
    "cannot ship <shop.Order object at {}>, as <function ship at {}> says",
    "<bound method Order.ship of <shop.Order object at {}>>",
    "<module '__main__' (<class '_frozen_importlib.Loader'> at {}>)",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("place", [lambda one: one, lambda one: [1, one], lambda one: {"a": [[one]] * 6}])
def test_texts_that_differ_in_addresses_alone_are_the_same(text: str, place: Callable[[str], Any]) -> None:
    one, other = place(text.replace("{}", HERE)), place(text.replace("{}", THERE))
    assert differences(one, other) == []
    assert strictly_same(one, other)
    assert token(one) == token(other)
    assert frozen(one) == frozen(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"<Order object at {HERE}>", f"<Sale object at {THERE}>"),
        (f"<a at {HERE}> <a at {HERE}>", f"<a at {HERE}> <a at {THERE}>"),
        ("patched at 0xDEADBEEF", "patched at 0xDEADBEE0"),
        (HERE, THERE),
        (f"<a at {HERE}>", "<a at #1>!"),
    ],
    ids=["another class", "another object", "a number of the program", "an address alone", "another text"],
)
def test_what_else_differs_is_found(one: str, other: str) -> None:
    assert differences(one, other) == [("value", "result")]
    assert not strictly_same(one, other)
    assert token(one) != token(other)


class Shop:
    """The world."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, what: Any) -> str:
        self.sent.append(what)
        return "sent"

    def price(self, name: str) -> int:
        return 7


def names_it_in_an_error(shop: Shop, order: Order) -> Any:
    raise ValueError(f"cannot ship {order}")


def names_it_in_its_answer(shop: Shop, order: Order) -> Any:
    return [f"took {order!r}", f"made {Order()}"]


def sends_it(shop: Shop, order: Order) -> Any:
    return shop.send(order)


def sends_its_text(shop: Shop, order: Order) -> Any:
    return shop.send(f"ship {order}")


def asks_for_it(shop: Shop, order: Order) -> Any:
    return shop.price(str(order))


NAMING = [names_it_in_an_error, names_it_in_its_answer, sends_it, sends_its_text, asks_for_it]


def runs(does: Callable[..., Any], other: Callable[..., Any], stage: str, mode: str) -> list[Run]:
    found: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=found.append, mode=mode
    )

    class World(Shop):
        pass

    shop = World()
    migration.port("shop", World, effects={"send": str}, reads={"price"})
    seam = migration.seam(
        "s", legacy=lambda order: does(shop, order), candidate=lambda order: other(shop, order)
    )
    with suppress(ValueError):
        seam(Order())
    migration.flush()
    migration.close()
    return found


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("does", NAMING, ids=lambda does: does.__name__)
def test_two_paths_that_name_an_object_match(does: Any, mode: str, stage: str) -> None:
    [run] = runs(does, does, stage, mode)
    assert run.verdict is Verdict.MATCH, (run.reason, run.divergences)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_another_effect_than_that_is_still_found(stage: str) -> None:
    def sends_another(shop: Shop, order: Order) -> Any:
        return shop.send(f"keep {order}")

    [run] = runs(sends_its_text, sends_another, stage, "inline")
    assert run.verdict is Verdict.UNSAFE
