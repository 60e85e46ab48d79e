from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.views.html.spread import relation, spread

NUMBERS = st.decimals(min_value=-10_000, max_value=10_000, places=3)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("0.25", "1"), ("0.5", "2"), ("3", "12")], "always 4 times legacy"),
        ([("3", "1"), ("6", "2"), ("9", "3")], "always 1/3 times legacy"),
        ([("1.5", "-1.5"), ("2", "-2")], "always -1 times legacy"),
        ([("1.05", "1.10"), ("7", "7.05")], "always 0.05 more than legacy"),
        ([("1", "0"), ("7", "6")], "always 1 less than legacy"),
        ([("1", "4"), ("1", "4")], ""),
        ([("1", "2"), ("2", "5")], ""),
        ([("0", "0"), ("2", "4")], ""),
        ([("1", "1e999999999"), ("2", "2e999999999")], ""),
    ],
)
def test_what_holds_of_all_values_exactly_is_said(pairs: list[tuple[str, str]], said: str) -> None:
    assert relation([(Decimal(old), Decimal(new)) for old, new in pairs]) == said


@given(st.lists(NUMBERS, min_size=3, max_size=9, unique=True), NUMBERS)
def test_a_change_that_is_always_the_same_is_found_whatever_the_numbers(
    numbers: list[Decimal], change: Decimal
) -> None:
    found = relation([(number, number + change) for number in numbers])
    assert found.endswith("more than legacy" if change > 0 else "less than legacy")
    assert found.split()[1] == f"{abs(change).normalize():f}"


def test_the_drawing_says_it_in_words() -> None:
    drawn = spread([(Decimal(number), Decimal(4 * number)) for number in (1, 2, 5)])
    assert drawn is not None
    assert drawn.said.endswith("; always 4 times legacy")
