"""What nothing tells apart, stricter than what is compared: code of the program may ask for any detail."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.values.likeness import is_plain, nothing_tells_apart, plain_token


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True)
class Price:
    amount: Decimal
    colour: Colour = Colour.RED


@dataclass
class Basket:
    prices: list[Price] = field(default_factory=list)


SHARED = [1]
ALIKE = [
    lambda: {"a": [1, 2.5, None, "x", (True, b"y")], "b": {}},
    lambda: Basket([Price(Decimal("1.50")), Price(Decimal("NaN"), Colour.BLUE)]),
    lambda: (date(2020, 1, 2), datetime(2020, 1, 2, tzinfo=UTC), Colour.RED),
    lambda: [Basket, None],
]
TOLD_APART = [
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    (Decimal("1.0"), Decimal("1.00")),
    ([0.0], [-0.0]),
    ([1], [True]),
    ([1], (1,)),
    ([1, 2], [1]),
    (Price(Decimal(1)), Price(Decimal("1.0"))),
    (Price(Decimal(1)), Price(Decimal(1), Colour.BLUE)),
    (datetime(2020, 10, 25, 2, fold=0), datetime(2020, 10, 25, 2, fold=1)),
    (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=timezone(UTC.utcoffset(None), "Z"))),
    ({1, 2}, {1, 2}),  # in which order they come may be asked for
    (Basket, Price),
]


@pytest.mark.parametrize("make", ALIKE)
def test_two_that_were_made_alike_are_not_told_apart(make: Any) -> None:
    assert nothing_tells_apart(make(), make())


@pytest.mark.parametrize(("one", "other"), TOLD_APART)
def test_a_detail_that_is_compared_by_nobody_is_told_apart(one: Any, other: Any) -> None:
    assert not nothing_tells_apart(one, other)
    assert not (is_plain(one) and plain_token(one) == plain_token(other))


def test_one_object_that_can_change_may_have_been_another_before() -> None:
    assert not nothing_tells_apart(SHARED, SHARED)
    assert not nothing_tells_apart((SHARED,), (SHARED,))


def test_what_cannot_be_written_plainly_is_not_plain() -> None:
    for value in ({1}, b"x", bytearray(b"x"), Decimal(1), [Colour.RED], compile("1", "", "eval")):
        assert not is_plain(value)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0])
    | st.text("ab", max_size=2)
)
OTHERS = st.sampled_from([b"a", bytearray(b"a"), frozenset({1}), Decimal("1.0"), Decimal("1.00")])
VALUES = st.recursive(
    LEAVES | OTHERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text("ab", max_size=1) | st.integers(0, 1) | st.booleans(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_of_what_is_not_told_apart_everything_reads_alike(one: Any, other: Any) -> None:
    if nothing_tells_apart(one, other):
        assert repr(one) == repr(other)
    if is_plain(one):
        assert nothing_tells_apart(one, copy.deepcopy(one))
        assert (plain_token(one) == plain_token(other)) is (repr(one) == repr(other))
