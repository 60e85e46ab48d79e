"""The laws of values, on values of generated classes; `python -m tests.sweeps values` tries many more."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copying import snapshot
from changeover.values.equality import strictly_same
from changeover.values.form import token
from tests.sweeps.values import sweep


def test_a_cut_of_the_sweep_breaks_no_law() -> None:
    notes, broken = sweep(500, 11)
    assert broken == []
    assert notes["copied"] > 450
    assert min(notes["two that differ"], notes["two that are the same"]) > 25


def test_no_law_breaks_while_another_clock_stands_in_the_place_of_dates() -> None:
    freezegun = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2024-10-27 01:30", tick=True):
        moments = [datetime.now(), datetime.now(UTC), datetime.now().date()]
        _, broken = sweep(150, 12)
        assert not any(strictly_same(moment, 1) for moment in moments)
        assert all(strictly_same(moment, deepcopy(moment)) for moment in moments)
        assert all(token(moment) == token(deepcopy(moment)) for moment in moments)
    assert broken == []


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_no_seed_breaks_a_law(seed: int) -> None:
    assert sweep(1, seed)[1] == []


class Key:
    def __init__(self, number: int) -> None:
        self.number = number


KEYS: dict[str, Callable[[], Any]] = {
    "an object": lambda: Key(1),
    "a pair with an object": lambda: (1, Key(1)),
    "a set of objects": lambda: frozenset({Key(1)}),
    "an error": lambda: ValueError("x"),
    "a function": lambda: lambda: 1,
    "a number": lambda: 10**9,
}


@pytest.mark.parametrize("make", KEYS.values(), ids=KEYS)
def test_a_table_with_any_key_is_what_its_copy_is_until_it_changes(make: Callable[[], Any]) -> None:
    table: dict[Any, Any] = {make(): [1], "beside": 2}
    copy = snapshot(table)
    assert is_unchanged(copy, table)
    next(iter(table.values())).append(2)
    assert not is_unchanged(copy, table)
