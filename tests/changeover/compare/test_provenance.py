"""Where a value was seen before, and what is too common to have been seen anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from changeover.compare.provenance import LEAVES_INDEXED_MAX, Provenance
from tests.changeover.support.observations import read


@dataclass(frozen=True)
class Position:
    quantity: Decimal
    price: Decimal


READS = [
    read("broker.account", {"cash": Decimal("118240.15")}, 3),
    read("broker.positions", {"SPY": Position(Decimal(312), Decimal("117.48"))}, 4),
    read("market.closes", [117.0, 118.5], 6, symbol="SPY", n=200),
]


def test_a_value_is_found_where_it_was_read() -> None:
    seen = Provenance({}, READS)
    assert str(seen.first(312)) == '312 is broker.positions()["SPY"].quantity, read 4'
    assert str(seen.first(118.5)) == '118.5 is market.closes("SPY", 200)[1], read 6'
    assert str(seen.first(Decimal("118240.150"))) == '118240.150 is broker.account()["cash"], read 3'


def test_a_value_is_found_among_the_inputs_first() -> None:
    seen = Provenance({"order": {"quantity": 312}}, READS)
    assert str(seen.first(312)) == '312 is argument order["quantity"]'


@pytest.mark.parametrize(
    "trivial", [0, 1, -1, 10, True, False, None, "", "x", 1.0, Decimal("2"), float("nan")]
)
def test_what_every_program_is_full_of_was_never_seen(trivial: Any) -> None:
    assert Provenance({"a": [trivial]}, [read("b.c", trivial)]).first(trivial) is None


@pytest.mark.parametrize("value", ["SPY", 11, 0.5, UUID(int=7), b"ab", Decimal("-12")])
def test_what_says_something_is_found(value: Any) -> None:
    assert str(Provenance({"a": [value]}, []).first(value)) == f"{value} is argument a[0]"


def test_what_was_not_seen_has_no_sentence() -> None:
    assert Provenance({}, READS).first(4711) is None
    assert Provenance({}, READS).first([312]) is None


def test_the_index_is_bounded() -> None:
    seen = Provenance({"a": list(range(LEAVES_INDEXED_MAX + 1))}, [])
    assert seen.first(LEAVES_INDEXED_MAX - 1) is not None
    assert seen.first(LEAVES_INDEXED_MAX) is None


def test_values_that_contain_themselves_are_looked_through_once() -> None:
    value: dict[str, Any] = {"n": 312}
    value["self"] = value
    assert str(Provenance({"a": value}, []).first(312)) == '312 is argument a["n"]'
