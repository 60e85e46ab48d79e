"""Of two classes that stand side by side the class counts: `Filled` is not `Rejected`."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import attrs
import msgspec
import pytest
from pydantic import BaseModel

from changeover.values.equality import strictly_same
from tests.changeover.support.observations import compared, differences, rule


@dataclass(frozen=True)
class Filled:
    order: int


@dataclass(frozen=True)
class Rejected:
    order: int


class Event:
    def __init__(self, order: int) -> None:
        self.order = order


class Shipped(Event):
    pass


class Cancelled(Event):
    pass


@dataclass(slots=True)
class Debit:
    order: int


@dataclass(slots=True)
class Credit:
    order: int


class Row(NamedTuple):
    order: int


class Total(NamedTuple):
    order: int


class Ask(BaseModel):
    order: int


class Bid(BaseModel):
    order: int


@attrs.define
class Open:
    order: int


@attrs.define
class Closed:
    order: int


class Sent(msgspec.Struct):
    order: int


class Lost(msgspec.Struct):
    order: int


KINDS = [
    (Filled, Rejected),
    (Event, Shipped),
    (Shipped, Cancelled),
    (Debit, Credit),
    (Row, Total),
    (Ask, Bid),
    (Open, Closed),
    (Sent, Lost),
]
PLACES = {
    "alone": lambda one: one,
    "in a list": lambda one: [1, one],
    "in long rows": lambda one: [*[[0]] * 6, [one]],
    "under a name": lambda one: {"a": {"b": one}},
    "in an object": lambda one: Event(one),
}


def named(value: Any) -> Any:
    """The same object in a class with its name in another module, or of another make."""
    made: Any = dataclass(type("Filled2", (), {"__annotations__": {"order": int}, "__module__": "other"}))
    return made(value)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("one", "other"), KINDS, ids=lambda cls: cls.__name__)
def test_the_class_of_two_that_are_declared_side_by_side_differs(one: Any, other: Any, place: Any) -> None:
    legacy, candidate = place(one(order=7)), place(other(order=7))
    [(kind, where)] = differences(legacy, candidate)
    assert kind == "value"
    assert where.endswith(".(type)")
    assert not strictly_same(legacy, candidate)
    assert differences(legacy, place(one(order=7))) == []


def test_what_is_rewritten_in_another_module_or_in_another_way_is_the_same() -> None:
    for other in (
        named(7),
        Event(7),
        Ask(order=7),
        Debit(7),
        {"order": 7},
        Row(7),
        SimpleNamespace(order=7),
    ):
        assert differences(Filled(7), other) == []
        assert strictly_same(other, Filled(7))


def test_members_of_sets_are_told_apart_by_it() -> None:
    assert differences({Filled(7)}, {Rejected(7)})
    assert not strictly_same({Filled(7)}, {Rejected(7)})
    both = {Filled(7), Rejected(7)}
    assert differences(both, {Rejected(7), Filled(7)}) == []
    assert strictly_same(both, frozenset([Rejected(7), Filled(7)]))


def test_rows_that_may_stand_in_any_order_are_paired_by_it() -> None:
    under = rule("result", "order = 'any'")
    rows = [Filled(7), Rejected(7), Filled(8)]
    assert differences(rows, [Filled(8), Rejected(7), Filled(7)], under) == []
    [(_, where)] = differences(rows, [Filled(8), Filled(7), Filled(7)], under)
    assert where.endswith(".(type)")


def test_what_else_differs_is_found_beside_it() -> None:
    places = [place for _, place in differences(Filled(7), Rejected(8))]
    assert places == ["result.(type)", "result.order"]


def test_a_rule_may_say_that_it_does_not_matter() -> None:
    under = rule("result.(type)", "ignore = true")
    assert compared(Filled(7), Rejected(7), under).divergences == ()
