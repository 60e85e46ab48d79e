"""What a store keeps of a value is shown as the value itself would be."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.evidence.store.rows_of_runs import VALUE_CHARACTERS_MAX, keep_value
from changeover.evidence.store.run_contents import read_value, value_data
from changeover.values.divergence import ABSENT
from changeover.values.value_text import value_text


class Mood(Enum):
    GOOD = 1


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.sampled_from([Mood.GOOD, ABSENT, "(n) pieces", "(str) x", "(Decimal) 1", {"absent": True}])
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def kept(value: Any) -> Any:
    """As it comes back from a store."""
    return read_value(json.loads(json.dumps(value_data(keep_value(value)))))


@given(values)
def test_a_value_that_was_kept_reads_like_the_value(value: Any) -> None:
    assert value_text(kept(value), 500) == value_text(keep_value(value), 500)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "(none) at all",
        Decimal("1.50"),
        0.1,
        2**70,
        Mood.GOOD,
        date(2026, 1, 2),
        ABSENT,
        b"ab",
        [1, None],
    ],
    ids=repr,
)
def test_a_screen_shows_the_same_before_and_after(value: Any) -> None:
    assert value_text(kept(value), 200) == value_text(value, 200)


def test_long_texts_are_cut_and_moments_are_readable() -> None:
    assert len(kept("x" * 9_000)) == VALUE_CHARACTERS_MAX + 1
    assert value_data(keep_value(datetime(2026, 1, 2, tzinfo=UTC))) == "(datetime) 2026-01-02T00:00:00+00:00"
