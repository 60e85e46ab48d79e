"""A class that a path makes is another one in each run: it is what it is made of, as a function is."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, Flag
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.equality import strictly_same
from changeover.values.form import token
from changeover.values.verdict import Verdict
from tests.changeover.support.observations import differences


class Task:
    retries = 0


class Shipped:
    pass


def number(planted: str) -> Any:
    class Cents(int):
        pass

    return Cents(6 if planted else 5)


def text_with_a_method(planted: str) -> Any:
    class Name(str):
        def shout(self) -> str:
            return self.upper() if planted else self

    return Name("a")


def member(planted: str) -> Any:
    class Side(Enum):
        BUY = 1
        SELL = 3 if planted == "value of another member" else 2

    return Side.SELL if planted == "member" else Side.BUY


def flag(planted: str) -> Any:
    class Way(Flag):
        UP = 1
        DOWN = 2

    return Way.UP if planted else Way.UP | Way.DOWN


def class_itself(planted: str) -> Any:
    held = 2 if planted == "closure" else 1

    class Job(Task if planted != "base" else Shipped):  # type: ignore[misc]
        __slots__ = ("given",)
        priority = 2 if planted == "attribute" else 1
        names = ("a", "b" if planted == "part of an attribute" else "c")

        def __init__(self, given: int) -> None:
            super().__init__()
            self.given = given

        def run(self) -> int:
            return held

        @property
        def late(self) -> bool:
            return bool(self.given)

        @staticmethod
        def made() -> type:
            return Job

    if planted == "method":
        Job.run = lambda self: 7  # type: ignore[method-assign]
    return Job


def class_by_call(planted: str) -> Any:
    return type("Dyn", (Task,), {"retries": 2 if planted else 1, "run": lambda self: self.retries})


def class_in_a_class(planted: str) -> Any:
    class Outer:
        class Inner:
            limit = 2 if planted else 1

    return Outer


MADE: dict[Callable[[str], Any], tuple[str, ...]] = {
    number: ("value",),
    text_with_a_method: ("method",),
    member: ("member", "value of another member"),
    flag: ("member",),
    class_itself: ("base", "attribute", "part of an attribute", "closure", "method"),
    class_by_call: ("attribute",),
    class_in_a_class: ("attribute",),
}
PLANTED = [(make, planted) for make, changes in MADE.items() for planted in changes]


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_classes_that_are_made_alike_are_the_same(make: Callable[[str], Any]) -> None:
    one, other = make(""), make("")
    assert one is not other
    assert differences([one], [other]) == []
    assert strictly_same(one, other)
    assert token(one) == token(other)


@pytest.mark.parametrize(("make", "planted"), PLANTED, ids=lambda one: getattr(one, "__name__", one))
def test_what_is_made_otherwise_differs(make: Callable[[str], Any], planted: str) -> None:
    one, other = make(""), make(planted)
    assert differences([one], [other])
    assert not strictly_same(one, other)
    assert token(one) != token(other)


def test_a_class_that_stands_in_its_module_is_itself() -> None:
    twin = type("Shipped", (), {"__module__": __name__})
    assert differences(Shipped, twin) == [("value", "result")]


class Shop:
    """The world."""

    def send(self, what: Any) -> str:
        return "sent"


def run_of(does: Callable[[Any, str, dict[str, Any]], Any], planted: str, stage: str, mode: str) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)

    class World(Shop):
        pass

    shop = World()
    migration.port("shop", World, effects={"send": str})
    seam: Any = migration.seam(
        "s", legacy=lambda kept: does(shop, "", kept), candidate=lambda kept: does(shop, planted, kept)
    )
    seam({})
    migration.flush()
    migration.close()
    [run] = runs
    return run


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(("make", "planted"), PLANTED, ids=lambda one: getattr(one, "__name__", one))
def test_two_paths_that_make_it_match_where_they_make_it_alike(
    make: Callable[[str], Any], planted: str, mode: str, stage: str
) -> None:
    def answers(shop: Any, twist: str, kept: dict[str, Any]) -> Any:
        return [make(twist)]

    def keeps(shop: Any, twist: str, kept: dict[str, Any]) -> Any:
        kept["made"] = make(twist)

    def sends(shop: Any, twist: str, kept: dict[str, Any]) -> Any:
        shop.send(make(twist))

    for does in (answers, keeps, sends):
        same = run_of(does, "", stage, mode)
        assert same.verdict is Verdict.MATCH, (does.__name__, same.reason, same.divergences)
        assert run_of(does, planted, stage, mode).verdict in (Verdict.DIVERGED, Verdict.UNSAFE)
