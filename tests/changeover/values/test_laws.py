"""The laws of values, on values of generated classes; `python -m tests.sweeps values` tries many more."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
