"""new, open, fixed, regressed: told by what earlier and later comparisons found."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.evidence.store.records import FIXED, NEW, OPEN, REGRESSED, Sightings, state_of

SEAM = "till.pay"


def history(marks: str) -> list[Sightings]:
    """`x` found it, `.` did not, `-` looked elsewhere; `X` and `?` stopped early, with and without it."""
    return [
        Sightings(
            number,
            "days",
            whole=mark in "x.-",
            compared=frozenset() if mark == "-" else frozenset({SEAM}),
            found={SEAM: frozenset({"a"})} if mark in "xX" else {},
        )
        for number, mark in enumerate(marks)
    ]


@pytest.mark.parametrize(
    ("marks", "at", "state"),
    [
        ("x", 0, NEW),
        (".x", 1, NEW),
        ("xx", 1, OPEN),
        ("xx", 0, NEW),
        ("x.", 0, FIXED),
        ("x?", 0, NEW),
        ("x-", 0, NEW),
        ("x?x", 2, OPEN),
        ("x-x", 2, OPEN),
        ("x.x", 2, REGRESSED),
        ("x.xx", 3, REGRESSED),
        ("x.x.", 2, FIXED),
        ("x.x", 0, NEW),
        ("X.x", 2, REGRESSED),
        ("Xx", 1, OPEN),
        ("x.X", 2, REGRESSED),
    ],
)
def test_a_state_follows_from_the_comparisons_around(marks: str, at: int, state: str) -> None:
    assert state_of(history(marks), at, SEAM, "a") == state


def test_another_source_neither_fixes_nor_knows_a_cluster() -> None:
    other = [
        Sightings(number + 10, "stress", one.whole, one.compared, one.found)
        for number, one in enumerate(history(".x"))
    ]
    assert state_of([*history("x"), *other], 0, SEAM, "a") == NEW
    assert state_of([*history("x"), *other], 11, SEAM, "a") == NEW


@given(st.text("x.?X-", min_size=1, max_size=8))
def test_the_latest_comparison_never_calls_what_it_found_fixed(marks: str) -> None:
    found: Sequence[Sightings] = history(f"{marks}x")
    assert state_of(found, len(marks), SEAM, "a") != FIXED
