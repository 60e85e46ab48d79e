"""The laws of values, on values of generated classes; `python -m tests.sweeps values` tries many more."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sweeps.values import sweep


def test_a_cut_of_the_sweep_breaks_no_law() -> None:
    notes, broken = sweep(1_000, 11)
    assert broken == []
    assert notes["copied"] > 900
    assert min(notes["two that differ"], notes["two that are the same"]) > 50


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_no_seed_breaks_a_law(seed: int) -> None:
    assert sweep(1, seed)[1] == []
