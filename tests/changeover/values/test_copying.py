"""Snapshots: what cannot change is shared, everything else is copied once."""

from collections import defaultdict, namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from io import BytesIO, TextIOWrapper
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from changeover.values.content_key import digest, frozen, same_content
from changeover.values.copying import SnapshotError, copied_error, snapshot
from changeover.values.limits import ITEMS_MAX

Pair = namedtuple("Pair", "left right")


def iter_of_nothing() -> Iterator[int]:
    yield from ()


class Side(Enum):
    BUY = 1


@dataclass(frozen=True, slots=True)
class Order:
    symbol: str
    quantity: Decimal
    tags: Any = ()


class Model(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    rows: tuple[Order, ...] = ()


@dataclass
class Basket:
    orders: list[Order] = field(default_factory=list)


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, "x", b"x", Decimal(1), datetime.now(UTC), Side.BUY, uuid4(), (), (1, ("a",)), range(3)),
        *(frozenset({1}), Pair(1, 2), Order("SPY", Decimal(1)), (Order("SPY", Decimal(1)),), len),
        Model(name="x", rows=(Order("SPY", Decimal(1)),)),
    ],
)
def test_what_cannot_change_is_shared(value: Any) -> None:
    assert snapshot(value) is value


@pytest.mark.parametrize(
    "value",
    [
        *([1], {"a": [1]}, {1}, ([1],), Pair([1], 2), Basket([Order("SPY", Decimal(1))])),
        *(
            Order("SPY", Decimal(1), ["mutable inside frozen"]),
            defaultdict(list, {"a": [1]}),
            bytearray(b"x"),
        ),
    ],
)
def test_what_can_change_is_copied(value: Any) -> None:
    copy = snapshot(value)
    assert copy is not value
    assert copy == value
    assert type(copy) is type(value)


def test_shared_and_circular_parts_keep_their_shape() -> None:
    inner = [1]
    outer: list[Any] = [inner, inner]
    outer.append(outer)
    copy = snapshot(outer)
    assert copy[0] is copy[1] is not inner
    assert copy[2] is copy


@pytest.mark.parametrize(
    "value",
    [TextIOWrapper(BytesIO()), [iter([1])], iter_of_nothing(), [0] * (ITEMS_MAX + 1)],
)
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(SnapshotError):
        snapshot(value)


def test_nesting_beyond_the_limit_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(SnapshotError):
        snapshot(deep)


def test_a_copied_exception_is_not_built_anew() -> None:
    class Refused(ValueError):
        def __init__(self, symbol: str) -> None:
            super().__init__(f"no {symbol}")
            self.symbol = symbol

    copy = copied_error(Refused("SPY"))
    assert type(copy) is Refused
    assert (str(copy), copy.symbol) == ("no SPY", "SPY")
    missing = copied_error(FileNotFoundError(2, "No such file", "a.txt"))
    assert str(missing) == "[Errno 2] No such file: 'a.txt'"
    assert isinstance(copied_error(ExceptionGroup("two", [ValueError(1)])), ExceptionGroup)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_a_snapshot_is_the_same_as_the_value(value: Any) -> None:
    assert same_content(snapshot(value), value)


@given(VALUES)
def test_a_key_can_be_looked_up_and_digested(value: Any) -> None:
    hash(frozen(value))
    assert digest(value) == digest(snapshot(value))


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), ([1], (1,)), ({"a": None}, {}), ("1", 1)])
def test_values_of_different_types_are_not_the_same(one: Any, other: Any) -> None:
    assert not same_content(one, other)
