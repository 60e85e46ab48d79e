"""Functions that wait for the commit of a caller: compared by what they are and hold, and never called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.django_shop import DATABASES, Stock, shop_in

transaction = pytest.importorskip("django.db").transaction
sent: list[str] = []


def send(to: str, *more: Any, **named: Any) -> None:
    sent.append(to)


def remind(to: str) -> None:
    sent.append(f"{to} again")


class Post:
    def __init__(self, city: str) -> None:
        self.city = city

    def send(self) -> None:
        sent.append(self.city)


def waiting(*functions: Callable[[], Any]) -> Callable[[], None]:
    """A path that changes a row, and lets these wait."""

    def path() -> None:
        Stock.objects.filter(sku="s0").update(on_hand=1)
        for function in functions:
            transaction.on_commit(function)

    return path


def later(to: str) -> Callable[[], Any]:
    return lambda: send(to)


def also_later(address: str) -> Callable[[], Any]:
    return lambda: send(address)


def of_row(row: Any) -> Callable[[], Any]:
    return lambda: send(row.sku)


CASES: dict[str, tuple[Any, Any, str]] = {
    "one function with one argument": (waiting(partial(send, "a")), waiting(partial(send, "a")), "match"),
    "with another argument": (waiting(partial(send, "a")), waiting(partial(send, "b")), "unsafe"),
    "with another named argument": (
        waiting(partial(send, "a", n="1")),
        waiting(partial(send, "a", n="2")),
        "unsafe",
    ),
    "two lambdas of one code": (waiting(later("a")), waiting(also_later("a")), "match"),
    "that hold something else": (waiting(later("a")), waiting(also_later("b")), "unsafe"),
    "another function": (waiting(partial(send, "a")), waiting(partial(remind, "a")), "failed"),
    "one lambda, one function": (waiting(later("a")), waiting(partial(send, "a")), "failed"),
    "in another order": (
        waiting(partial(send, "a"), partial(remind, "a")),
        waiting(partial(remind, "a"), partial(send, "a")),
        "failed",
    ),
    "one more": (waiting(partial(send, "a")), waiting(partial(send, "a"), partial(send, "b")), "failed"),
    "none": (waiting(partial(send, "a")), waiting(), "unsafe"),
    "only of the other path": (waiting(), waiting(partial(send, "a")), "unsafe"),
    "methods of equal objects": (waiting(Post("x").send), waiting(Post("x").send), "match"),
    "methods of other objects": (waiting(Post("x").send), waiting(Post("y").send), "failed"),
    "rows that are equal": (
        lambda: waiting(of_row(Stock.objects.get(sku="s1")))(),
        lambda: waiting(of_row(Stock.objects.filter(sku="s1").first()))(),
        "match",
    ),
    "rows that are not": (
        lambda: waiting(of_row(Stock.objects.get(sku="s1")))(),
        lambda: waiting(of_row(Stock.objects.get(sku="s2")))(),
        "failed",
    ),
}


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with shop_in(request.param, tmp_path):
        yield request.param


@pytest.mark.parametrize("kind", ["rows", "tape"])
@pytest.mark.parametrize("case", sorted(CASES))
def test_they_are_compared_by_what_they_are_and_hold(shop: str, case: str, kind: str) -> None:
    legacy, candidate, verdict = CASES[case]
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("django")
    seam = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())
    sent.clear()
    around: AbstractContextManager[Any] = as_under_a_test() if kind == "rows" else ExitStack()
    with around, transaction.atomic():
        seam(1)
        assert sent == []
    assert len(sent) == (0 if case == "only of the other path" else 2 if "order" in case else 1)
    if kind == "tape" and case.startswith("rows that are"):
        return  # an answer of another statement is not known there
    assert runs[0].verdict == verdict, runs[0].reason or runs[0].divergences
    if verdict == "failed":
        assert "nobody can say whether these do the same" in (runs[0].reason or "")
    if verdict == "unsafe":
        assert {one.place.partition("[")[0] for one in runs[0].divergences} == {"effects.db.on_commit"}


class Hostile:
    """Whoever asks it anything has asked code of the program."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("== was asked")

    __hash__ = object.__hash__


class Number(int):
    """Of a class of the program, with an operator of its own."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("== was asked")

    __hash__ = int.__hash__


class Text(str):
    def __repr__(self) -> str:
        raise AssertionError("repr was asked")


def of_what_is_not_there_yet() -> Callable[[], Any]:
    to: str

    def function() -> None:
        send(to)

    made: list[Callable[[], Any]] = [function]
    for to in "":  # noqa: B007  it has no turn
        made.clear()
    return made[0]


@pytest.mark.parametrize("kind", ["rows", "tape"])
@pytest.mark.parametrize(
    "made",
    [
        lambda: partial(id, Hostile()),
        lambda: partial(id, [Hostile()]),
        lambda: partial(id, Number(3)),
        lambda: partial(id, {Text("a"), Text("b")}),
        lambda: partial(id, {Text("a"): 1}),
        lambda: later(Text("a")),
    ],
)
def test_what_they_hold_is_asked_nothing(made: Callable[[], Any], kind: str, tmp_path: Path) -> None:
    def path(_: int) -> None:
        transaction.on_commit(made(), robust=True)

    runs: list[Run] = []
    with shop_in("memory", tmp_path):
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.use("django")
        seam = migration.seam("s", legacy=path, candidate=path)
        around: AbstractContextManager[Any] = as_under_a_test() if kind == "rows" else ExitStack()
        with around, transaction.atomic():
            seam(1)
    assert runs[0].verdict in ("match", "failed"), runs[0].divergences
    assert "was asked" not in (runs[0].reason or "")


def test_a_closure_that_holds_nothing_yet_is_compared_as_that(tmp_path: Path) -> None:
    def path(_: int) -> None:
        transaction.on_commit(of_what_is_not_there_yet(), robust=True)

    runs: list[Run] = []
    with shop_in("memory", tmp_path):
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.use("django")
        with transaction.atomic():
            migration.seam("s", legacy=path, candidate=path)(1)
    assert (runs[0].verdict, runs[0].reason) == ("match", None)
