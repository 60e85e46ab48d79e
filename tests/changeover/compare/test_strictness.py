"""What is the same and what is not, where no rule says anything; the list of the design, row by row."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ConfigDict

from changeover.values.equality import strictly_same
from tests.changeover.support.observations import differences

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2016, 3, 1, 12, tzinfo=UTC)


class Side(StrEnum):
    BUY = "BUY"


class OtherSide(Enum):
    BUY = "BUY"


@dataclass(frozen=True)
class Point:
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class SlottedPoint:
    y: int
    x: int


class ModelPoint(BaseModel):
    model_config = ConfigDict(extra="allow")
    x: int
    y: int


class OrdinaryPoint:
    def __init__(self, x: int, y: int) -> None:
        self.x = x
        self.y = y


NamedPoint = namedtuple("NamedPoint", "x y")


class Cents(int):
    pass


class Money(Decimal):
    """A scalar with an attribute of its own."""

    def __init__(self, amount: str, currency: str) -> None:
        self.currency = currency

    def __new__(cls, amount: str, currency: str) -> Money:
        return super().__new__(cls, amount)


SAME: list[tuple[str, Any, Any]] = [
    ("decimals of different precision", Decimal("1.0"), Decimal("1.00")),
    ("zeros of different sign", -0.0, 0.0),
    ("decimal zeros of different sign", Decimal("-0"), Decimal("0")),
    ("NaN and NaN", float("nan"), float("nan")),
    ("decimal NaN and NaN", Decimal("NaN"), Decimal("NaN")),
    ("signalling NaNs", Decimal("sNaN"), Decimal("sNaN")),
    ("complex NaN", complex(1, float("nan")), complex(1, float("nan"))),
    ("one instant with one offset, in two zones", NOON, NOON.replace(tzinfo=ZoneInfo("UTC"))),
    ("list and tuple", [1, 2], (1, 2)),
    ("mapping and dataclass", {"x": 1, "y": 2}, Point(1, 2)),
    ("dataclass and one with slots", Point(1, 2), SlottedPoint(2, 1)),
    ("dataclass and model", Point(1, 2), ModelPoint(x=1, y=2)),
    ("model and named tuple", ModelPoint(x=1, y=2), NamedPoint(1, 2)),
    ("named tuple and ordinary object", NamedPoint(1, 2), OrdinaryPoint(1, 2)),
    ("ordinary object and namespace", OrdinaryPoint(1, 2), SimpleNamespace(x=1, y=2)),
    ("mappings in another order", {"x": 1, "y": 2}, {"y": 2, "x": 1}),
    ("mappings of other classes", OrderedDict(x=1), MappingProxyType({"x": 1})),
    ("a mapping that is no dict", {"x": 1}, UserDict({"x": 1})),
    ("set and frozenset", {1, 2}, frozenset((2, 1))),
    ("equal errors", ValueError("no"), ValueError("no")),
    (
        "extras of a model and names of a mapping",
        ModelPoint.model_validate({"x": 1, "y": 2, "z": 3}),
        {"x": 1, "y": 2, "z": 3},
    ),
]

DIFFERENT: list[tuple[str, Any, Any, str]] = [
    ("int and float", 1, 1.0, "type"),
    ("int and bool", 1, True, "type"),
    ("int and Decimal", 1, Decimal(1), "type"),
    ("float and bool", 1.0, True, "type"),
    ("float and Decimal", 1.0, Decimal(1), "type"),
    ("bool and Decimal", True, Decimal(1), "type"),
    ("NaN and a signalling one", Decimal("NaN"), Decimal("sNaN"), "value"),
    ("NaN and a number", float("nan"), 1.0, "value"),
    ("naive and aware", datetime(2016, 3, 1, 12), NOON, "value"),
    (
        "one wall clock, two sides of a fold",
        datetime(2016, 11, 6, 1, 30, tzinfo=NEW_YORK),
        datetime(2016, 11, 6, 1, 30, fold=1, tzinfo=NEW_YORK),
        "value",
    ),
    ("one instant in two zones", NOON, NOON.astimezone(NEW_YORK), "zone"),
    (
        "one instant in two zones, inside a fold",
        datetime(2016, 11, 6, 6, 30, tzinfo=UTC),
        datetime(2016, 11, 6, 1, 30, fold=1, tzinfo=NEW_YORK),
        "zone",
    ),
    ("one wall clock in two zones", NOON, NOON.replace(tzinfo=timezone(timedelta(hours=1))), "value"),
    ("naive and aware times", time(12), time(12, tzinfo=UTC), "value"),
    ("date and datetime", date(2016, 3, 1), datetime(2016, 3, 1), "type"),
    ("a str enum and its string", Side.BUY, "BUY", "type"),
    ("two enums with one name", Side.BUY, OtherSide.BUY, "type"),
    ("a subclass of int", Cents(1), 1, "type"),
    ("text and bytes", "a", b"a", "type"),
    ("bytes and bytearray", b"a", bytearray(b"a"), "type"),
    ("text and UUID", str(UUID(int=1)), UUID(int=1), "type"),
    ("text and path", "a/b", PurePosixPath("a/b"), "type"),
    ("list and set", [1], {1}, "type"),
    ("list and mapping", [], {}, "type"),
    ("None and nothing", None, [], "value"),
    ("None and its name", None, "None", "value"),
    ("an error and its description", ValueError("no"), {"type": "ValueError", "message": "no"}, "type"),
    ("a class and its name", int, "int", "type"),
    ("two classes", int, float, "value"),
]


@pytest.mark.parametrize(("legacy", "candidate"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_is_the_same_is_the_same_on_both_ways(legacy: Any, candidate: Any) -> None:
    assert differences(legacy, candidate) == []
    assert differences([legacy], [candidate]) == []
    assert strictly_same(legacy, candidate)
    assert strictly_same(candidate, legacy)


@pytest.mark.parametrize(
    ("legacy", "candidate", "kind"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT]
)
def test_what_differs_is_found_wherever_it_stands(legacy: Any, candidate: Any, kind: str) -> None:
    assert differences(legacy, candidate) == [(kind, "result")]
    assert differences({"a": [0, legacy]}, {"a": [0, candidate]}) == [(kind, "result.a[1]")]
    assert differences([(legacy,)] * 5, [(candidate,)] * 5)
    assert not strictly_same(legacy, candidate)
    assert not strictly_same([legacy] * 9, [candidate] * 9)


def test_a_missing_key_differs_from_none() -> None:
    assert differences({"a": 1, "b": None}, {"a": 1}) == [("missing", "result.b")]
    assert differences({"a": 1}, {"a": 1, "b": None}) == [("extra", "result.b")]


def test_a_key_that_is_no_text_keeps_its_type() -> None:
    assert differences({3: "a"}, {"3": "a"}) == [
        ("missing", 'result."(int) 3"'),
        ("extra", "result.3"),
    ]
    assert differences({1: "a"}, {True: "a"}) == [
        ("missing", 'result."(int) 1"'),
        ("extra", 'result."(bool) True"'),
    ]
    assert differences({Side.BUY: 1}, {"BUY": 1}) == [
        ("missing", 'result."(Side) BUY"'),
        ("extra", "result.BUY"),
    ]


def test_keys_are_the_same_where_values_are() -> None:
    assert differences({NOON: 1}, {NOON.astimezone(NEW_YORK): 1}) == []
    assert differences({(1, Decimal("1.0")): 1}, {(1, Decimal("1.00")): 1}) == []


def test_a_duplicate_in_a_list_is_a_difference() -> None:
    assert differences([1, 2, 2], [1, 2]) == [("row-missing", "result[2]")]


def test_an_attribute_of_a_scalar_is_compared_with_its_value() -> None:
    assert differences(Money("1.0", "EUR"), Money("1.00", "EUR")) == []
    assert differences(Money("1", "EUR"), Money("1", "USD")) == [("value", "result.currency")]
    assert differences(Money("1", "EUR"), Money("2", "EUR")) == [("value", "result.(content)")]


def test_an_extra_of_a_model_is_not_overlooked() -> None:
    with_extra = ModelPoint.model_validate({"x": 1, "y": 2, "z": 3})
    assert differences(ModelPoint(x=1, y=2), with_extra) == [("extra", "result.z")]


def test_errors_inside_a_result_are_compared_by_type_message_and_attributes() -> None:
    assert differences([ValueError("a")], [ValueError("b")]) == [("value", "result[0].message")]
    assert differences([ValueError("a")], [TypeError("a")]) == [("value", "result[0].type")]
