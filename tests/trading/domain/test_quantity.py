"""What an order may ask for is one rule, by which whoever sizes it and the broker go."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.money import ORDER_QUANTITY_MAX, orderable, why_it_stays, why_not_orderable

steps = st.sampled_from([Decimal(text) for text in ("0.000001", "0.001", "0.3", "1", "3", "10", "1000000")])
quantities = st.decimals("-5", "3e9", places=6) | st.integers(0, 3000).map(Decimal)


@given(quantities, steps)
def test_what_is_orderable_is_not_refused_and_nothing_larger_is_orderable(
    quantity: Decimal, step: Decimal
) -> None:
    largest = orderable(quantity, step)
    assert largest <= max(quantity, Decimal(0))
    assert largest == 0 or why_not_orderable(largest, step) is None
    assert largest + step > quantity or why_not_orderable(largest + step, step) is not None


@given(quantities, steps)
def test_what_is_more_than_orderable_is_refused(quantity: Decimal, step: Decimal) -> None:
    assert (why_not_orderable(quantity, step) is None) == (
        orderable(quantity, step) == quantity and quantity > 0
    )


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "-Infinity", "0", "-1", "1000000001", "0.5"])
def test_a_quantity_that_no_order_may_ask_for_is_refused_with_what_is_allowed(quantity: str) -> None:
    assert "allowed" in str(why_not_orderable(Decimal(quantity), Decimal(1)))


def test_what_cannot_be_sold_is_said() -> None:
    assert why_it_stays(Decimal("11.678"), Decimal(1)).startswith("0.678 of 11.678 held cannot be sold")
    assert why_it_stays(Decimal(12), Decimal(1)) == ""
    assert why_it_stays(ORDER_QUANTITY_MAX * 2, Decimal(1)).startswith("1000000000 of 2000000000 held")
